"""Doing what RQ's jobs would do, while memory is too full for RQ to put a job into a queue or to take one out."""

import asyncio
from collections.abc import Coroutine

import structlog

from campaigns.store.sweeping import Found
from workers.process import Process

log = structlog.get_logger()


class StandIn:
    """Begins in *process* what the sweep has found."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, found: Found) -> None:
        """Serve the portals and deliver the callbacks that were found."""
        for portal in found.portals:
            self._begin(self._process.advance(portal, longest=None))
        if found.callbacks:
            self._begin(self._process.notify())

    async def close(self) -> None:
        """Wait until all that was begun has ended; it does once the process is stopping."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("stand_in.failed", exc_info=error)  # the sweep finds it again
