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

import httpx
import structlog
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from campaigns import access
from campaigns.ending import end
from campaigns.errors import Unavailable
from campaigns.hubspot.client import http_client
from campaigns.hubspot.wire import Limits
from campaigns.keys import SECOND
from campaigns.observe import PortalWork, WorkMetrics
from campaigns.observe.traces import UNRECORDED, Spans
from campaigns.outbound import Posts, connected
from campaigns.queue import Queue
from campaigns.quota import Allowance
from campaigns.settings import Portal, Settings
from campaigns.signing import Signing
from campaigns.store import Store, connection
from campaigns.store.parked import Trouble
from campaigns.store.patience import ride_out
from campaigns.store.portals import Lease
from campaigns.store.vitals import Vitals
from campaigns.store.wakes import Wakes
from workers.absences import Absences
from workers.advance import Advancing
from workers.by_id import Reads, Removals, Updates
from workers.calls import Calls
from workers.clock import Clock
from workers.creates import Creates
from workers.epoch import Past, Reckoning
from workers.expected import Expected
from workers.ghosts import Haunted
from workers.journal import Journal
from workers.leases import Leases
from workers.lookup import Lookup
from workers.names import Names
from workers.notify import Notifier
from workers.parking import Parking
from workers.serve import Serving, claim, serve
from workers.slots import Slots
from workers.steps import Ways

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
        self.stopping = asyncio.Event()
        self._metrics = WorkMetrics(registry, settings.portals)
        self._spans = spans
        self._http = http
        self._posts = posts
        self._wakes = wakes
        self._lookup = lookup
        self._leases = leases(self.store.portals, name, monotonic=time.monotonic, token=partial(secrets.token_hex, 8))
        self._slots = Slots()
        self._expected = Expected(self.store.callbacks, self.call_notify, time.monotonic)

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
        first = asyncio.create_task(
            claim(self.store.portals, lease, self._slots)
        )  # on its way while we learn what serving takes
        try:
            trouble, _ = await asyncio.gather(
                ride_out(lambda: self.store.parked.of(portal)),
                self.be_born(),  # Redis may have lost everything since this process came up
            )
            serving = await self._serving(lease, now, told, trouble)
        except BaseException:
            self._leases.drop(lease)  # it ends by itself; somebody is called for the portal then
            self._slots.leave(portal)
            await end([first])
            raise
        await serve(serving, longest=longest, first=first)

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

    async def _serving(self, lease: Lease, now: int, told: Portal, trouble: Trouble) -> Serving:
        clock = Clock(time.monotonic)
        clock.heard(now)
        parking = Parking(
            self.store.parked,
            lease,
            trouble,
            clock=clock,
            zone=told.timezone,
            probe_after=int(told.probe_after * SECOND),
        )
        counts = self._metrics.of(lease.portal)
        calls = self._calls(lease, told, clock, parking, counts)
        lookup = self._lookup(calls, told.marker_property)
        on = await self._advancing(lease, told, clock, calls, lookup, counts)
        ghosts, runs, signing, looks = self.store.ghosts, self.store.runs, on.ways.signing, on.absences.looks
        return Serving(
            lease=lease,
            portals=self.store.portals,
            leases=self._leases,
            calls=calls,
            on=on,
            haunted=Haunted(lease, ghosts, runs, calls, lookup, clock, signing, looks, counts),
            clock=clock,
            woken=self._wakes.event(lease.portal),
            stopping=self.stopping,
            monotonic=time.monotonic,
            call=partial(self._call, lease.portal),
            slots=self._slots,
            counts=counts,
        )

    def _calls(self, lease: Lease, told: Portal, clock: Clock, parking: Parking, counts: PortalWork) -> Calls:
        allowance = Allowance(told.limit)

        def heard(limits: Limits) -> None:
            allowance.heard(per_window=limits.max, window=limits.interval_ms)
            allowance.heard_of_day(per_day=limits.daily, left=limits.daily_remaining, now=clock.now())
            if limits.daily_remaining is not None:
                counts.day_left = limits.daily_remaining

        hubspot = access.hubspot(
            self.settings,
            lease.portal,
            self._http,
            self.store.tokens,
            holder=lease.token,
            on_limits=heard,
            on_outcome=counts.called,
        )
        return Calls(
            self.store.portals,
            self._leases,
            lease,
            hubspot,
            allowance=allowance,
            deadline=int(told.call_deadline * SECOND),
            clock=clock,
            parking=parking,
            spans=self._spans,
        )

    async def _advancing(
        self, lease: Lease, told: Portal, clock: Clock, calls: Calls, lookup: Lookup, counts: PortalWork
    ) -> Advancing:
        signing = Signing(told.marker_property)
        reckoning = Reckoning(
            portal=lease.portal,
            epochs=self.store.epochs,
            lookup=lookup,
            clock=clock,
            settles=int((told.call_deadline + told.settle) * SECOND),
            new=told.on_this_machine,
        )
        journal = Journal(
            self.store.portals,
            lease,
            clock,
            ranks=calls.ranks,
            retention=self.settings.retention,
            call_notify=self.call_notify,
        )
        absences = Absences(journal, clock, tuple(int(span * SECOND) for span in told.ghost_looks))
        return Advancing(
            ways=Ways(
                calls=calls,
                creates=Creates(calls, lookup, signing, absences, counts.left),
                reads=Reads(calls),
                updates=Updates(calls),
                removals=Removals(calls),
                lookup=lookup,
                signing=signing,
                names=Names(calls, told.marker_property),
            ),
            past=await Past.of(reckoning),
            journal=journal,
            clock=clock,
            settle=int(told.settle * SECOND),
            absences=absences,
            chance=random.random,
            stopping=self.stopping.is_set,
            expected=self._expected,
            counts=counts,
        )


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
