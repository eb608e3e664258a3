"""Calling a process to portals that nobody serves: begun before the answer leaves, never able to spoil it."""

import asyncio
from collections.abc import Sequence

import structlog

from campaigns.errors import Unavailable
from campaigns.queue import Queue

log = structlog.get_logger()


class Calls:
    """RQ jobs on their way. One that gets lost is enqueued by the sweep, so nobody waits for them."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, portals: Sequence[str]) -> None:
        """Begin to call a process for each of *portals*."""
        if not portals:
            return
        call = asyncio.create_task(self._call(portals))
        self._under_way.add(call)
        call.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Wait until all that was begun has ended."""
        await asyncio.gather(*self._under_way)

    async def _call(self, portals: Sequence[str]) -> None:
        try:
            await self._queue.enqueue_advance(portals)
        except Unavailable as error:
            log.warning("call.lost", portals=portals, problem=str(error))
