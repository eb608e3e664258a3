"""The sweep: each second, in every process, what is due and served by nobody gets its RQ job.

It heals whatever RQ or a dying process lost on the way, so nothing else needs to.
"""

import asyncio
from typing import Final

import structlog

from campaigns.errors import Unavailable
from campaigns.queue import CAMPAIGNS, Queue
from campaigns.store import Store

EACH: Final = 1.0
"""Seconds between two sweeps: a lost job delays its portal by its call (5 s) and this."""

log = structlog.get_logger()


async def sweep_once(store: Store, queue: Queue) -> int:
    """Call for every portal that is due and served by nobody, and forget what has had its time; how many were called.

    No portal is called while RQ's queue is already longer than twice the due ones: then processes are what is missing,
    not jobs.

    Raises:
        Unavailable: Redis does not answer.

    """
    found = await store.sweeping.find()
    if found.portals and await queue.length(CAMPAIGNS) <= 2 * len(found.portals):
        await queue.enqueue_advance(found.portals)
    if found.callbacks:
        await queue.enqueue_notify()
    await store.sweeping.trim()
    return len(found.portals)


async def sweep(store: Store, queue: Queue) -> None:
    """Sweep until cancelled."""
    while True:
        try:
            await sweep_once(store, queue)
        except Unavailable as error:
            log.warning("sweep.unavailable", problem=str(error))
        await asyncio.sleep(EACH)
