"""The composition root of a worker process: what all its jobs share, built once."""

import asyncio
import os
import random
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import httpx
import structlog
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from campaigns.ending import end
from campaigns.errors import Unavailable
from campaigns.hubspot.client import http_client
from campaigns.observe import WorkMetrics
from campaigns.observe.traces import UNRECORDED, Spans
from campaigns.outbound import Posts, connected
from campaigns.queue import Queue
from campaigns.settings import Settings
from campaigns.store import Store, connection
from campaigns.store.patience import ride_out
from campaigns.store.vitals import Vitals
from campaigns.store.wakes import Wakes
from workers.calls import Calls
from workers.expected import Expected
from workers.leases import Leases
from workers.lookup import Lookup
from workers.notify import Notifier
from workers.portal import Shared, serving
from workers.serve import claim, serve
from workers.slots import Slots

log = structlog.get_logger()


class Process:
    """What the jobs of one worker process share.

    Args:
        settings: what the process was told.
        name: names the process in its leases and its channel.
        redis: for our scripts.
        http: for HubSpot, all portals together.
        posts: posts callbacks.
        wakes: hears which of its portals have work.
        registry: shows what the process counts.
        store: makes the store; by default as the settings say.
        lookup: makes each portal's look-up.
        leases: makes what holds the process's leases.
        spans: record calls and callbacks.

    Attributes:
        shared: what serving its portals takes.
        stopping: set when the process is going.

    """

    def __init__(
        self,
        settings: Settings,
        name: str,
        redis: Redis,
        http: httpx.AsyncClient,
        posts: Posts,
        wakes: Wakes,
        registry: CollectorRegistry,
        *,
        store: Callable[[Redis], Store] | None = None,
        lookup: Callable[[Calls, str | None], Lookup] = Lookup,
        leases: type[Leases] = Leases,
        spans: Spans = UNRECORDED,
    ) -> None:
        self.settings = settings
        self.store = (store or partial(Store, replicas=settings.replicas or 0))(redis)
        self.queue = Queue(redis)
        self.stopping: Final = asyncio.Event()  # all that it shares looks at this one
        self._posts = posts
        self._wakes = wakes
        self._metrics = WorkMetrics(registry, settings.portals)
        self._leases = leases(self.store.portals, name, monotonic=time.monotonic, token=partial(secrets.token_hex, 8))
        self._slots = Slots()
        self.shared = Shared(
            settings=settings,
            store=self.store,
            http=http,
            wakes=wakes,
            leases=self._leases,
            slots=self._slots,
            expected=Expected(self.store.callbacks, self.call_notify, time.monotonic),
            metrics=self._metrics,
            spans=spans,
            lookup=lookup,
            call_notify=self.call_notify,
            stopping=self.stopping,
        )

    def may_pop(self) -> bool:
        """Whether more portals may be taken; else the jobs are left to processes that have fewer."""
        return not self._leases.over

    async def advance(self, portal: str, *, longest: float | None) -> None:
        """Serve *portal* if nobody else does."""
        told = self.settings.portals.get(portal)
        if told is None:
            log.error("portal.unknown", portal=portal)  # its runs wait until the settings name it again
            return
        try:
            taken = await self._leases.take(portal, int(told.settle * 1000))
        except Unavailable as error:
            log.warning("portal.not_taken", portal=portal, problem=str(error))  # the sweep calls for it again
            return
        if taken is None:
            return
        lease, now = taken
        # On its way while we learn what serving takes.
        first = asyncio.create_task(claim(self.store.portals, lease, self._slots))
        try:
            trouble, _ = await asyncio.gather(
                ride_out(lambda: self.store.parked.of(portal)),
                self.be_born(),  # Redis may have lost everything since this process came up
            )
            taking = await serving(self.shared, lease, now, trouble, partial(self._call, portal))
        except BaseException:
            self._leases.drop(lease)  # it ends by itself; somebody is called for the portal then
            self._slots.leave(portal)
            await end([first])
            raise
        await serve(taking, longest=longest, first=first)

    async def notify(self) -> None:
        """Deliver the callbacks that are due, until none is for a while."""
        notifier = Notifier(self.store.callbacks, self._posts, chance=random.random, posted=self._metrics.posted)
        if await notifier.serve(self.stopping, self._wakes.event("@callbacks")):
            await self.call_notify()

    async def call_notify(self) -> None:
        """Enqueue the job that delivers callbacks; if that fails, the sweep will."""
        try:
            await self.queue.enqueue_notify()
        except Unavailable as error:
            log.warning("notify.not_called", problem=str(error))

    async def be_born(self) -> None:
        """Write the birth record, if Redis has none or another server's: then an epoch begins."""
        await ride_out(lambda: self.store.epochs.born(self.settings.installation))

    async def _call(self, portal: str) -> None:
        try:
            await self.queue.enqueue_advance([portal])
        except Unavailable as error:
            log.warning("portal.not_called", portal=portal, problem=str(error))


@asynccontextmanager
async def opened(
    settings: Settings,
    registry: CollectorRegistry | None = None,
    *,
    store: Callable[[Redis], Store] | None = None,
    lookup: Callable[[Calls, str | None], Lookup] = Lookup,
    leases: type[Leases] = Leases,
    spans: Spans = UNRECORDED,
    serves: bool = False,
) -> AsyncIterator[Process]:
    """A process with its connections, closed at the end; a test that proves one of its parts replaces that one.

    While Redis is away this waits. A process that *serves* portals for as long as it lives shares them with the others.

    Raises:
        Invalid: Redis is none to work with.

    """
    process = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"  # a lease says who serves the portal
    async with (
        connection.client(await asyncio.to_thread(connection.address, settings)) as redis,
        http_client() as http,
        connected(settings, spans) as posts,
        Wakes(redis, process, serves=serves) as wakes,
    ):
        await ride_out(Vitals(redis, settings).examine)
        parts = (settings, process, redis, http, posts, wakes, registry or CollectorRegistry())
        opened_ = Process(*parts, store=store, lookup=lookup, leases=leases, spans=spans)
        await opened_.be_born()
        yield opened_
