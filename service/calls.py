"""Calling processes to portals or callbacks that nobody serves: begun before the answer leaves, never spoiling it."""

import asyncio
from collections.abc import Coroutine, Sequence

import structlog

from campaigns.errors import Unavailable
from campaigns.queue import Queue

log = structlog.get_logger()


class Calls:
    """RQ jobs on their way. One that gets lost is enqueued by the sweep, so nobody waits for them."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, portals: Sequence[str], *, notify: bool = False) -> None:
        """Begin to call a process for each of *portals*, and one that delivers callbacks if *notify* says so."""
        if portals:
            self._begin(self._queue.enqueue_advance(portals))
        if notify:
            self._begin(self._queue.enqueue_notify())

    def _begin(self, enqueue: Coroutine[None, None, None]) -> None:
        call = asyncio.create_task(self._call(enqueue))
        self._under_way.add(call)
        call.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Wait until all that was begun has ended."""
        await asyncio.gather(*self._under_way)

    async def _call(self, enqueue: Coroutine[None, None, None]) -> None:
        try:
            await enqueue
        except Unavailable as error:
            log.warning("call.lost", problem=str(error))
