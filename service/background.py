"""Coroutines that run beside the requests for as long as the service does."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

AGAIN: Final = 0.1
"""Seconds between two cancellations: longer than it takes to end, too short to be noticed at a stop."""

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
        await _end(running)


async def _end(running: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until it is heard: before Python 3.12 `asyncio.wait_for`, which redis-py uses, may swallow it."""
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN)


def _said(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.error("background.ended", work=str(task.get_coro()), exc_info=task.exception())
