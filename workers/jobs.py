"""The two functions that RQ calls. They find what they share in the worker process, or make it under a stock worker."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final

from campaigns import settings
from workers.process import Process, opened

HERE: Final[ContextVar[Process]] = ContextVar("HERE")
"""The process that a job runs in; unset under a stock RQ worker."""

LONGEST_UNDER_STOCK: Final = 120.0
"""Seconds: a stock `rq worker` runs one job at a time, so other portals must get their turn."""


async def advance(portal: str) -> None:
    """Serve *portal* until nothing is left to do; return at once if somebody else does."""
    async with _process() as (process, shared):
        await process.advance(portal, longest=None if shared else LONGEST_UNDER_STOCK)


async def notify() -> None:
    """Deliver the callbacks that are due."""
    async with _process() as (process, _):
        await process.notify()


@asynccontextmanager
async def _process() -> AsyncIterator[tuple[Process, bool]]:
    """The process's parts, and whether they are shared with its other jobs."""
    here = HERE.get(None)
    if here is not None:
        yield here, True
        return
    async with opened(settings.read(os.environ)) as own:
        yield own, False
