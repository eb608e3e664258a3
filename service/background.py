"""Coroutines that run beside the requests for as long as the service does."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager

import structlog

from campaigns.ending import end

log = structlog.get_logger()


@asynccontextmanager
async def beside(works: Sequence[Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Run *works* until the context ends; one that ends of itself is a fault of ours, and said at once."""
    running = [asyncio.create_task(work) for work in works]
    for task in running:
        task.add_done_callback(_said)
    try:
        yield
    finally:
        await end(running)


def _said(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.error("background.ended", work=str(task.get_coro()), exc_info=task.exception())
