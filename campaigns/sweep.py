"""The sweep: each second, in every process, what is due and served by nobody gets its RQ job.

It heals whatever RQ or a dying process lost on the way, so nothing else needs to. Bulks are worked off here, too.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from campaigns.errors import Unavailable
from campaigns.queue import CAMPAIGNS, Queue
from campaigns.store import Store
from campaigns.store.sweeping import Found

EACH: Final = 1.0
"""Seconds between two sweeps: a lost job delays its portal by its call (5 s) and this."""

log = structlog.get_logger()


StandIn = Callable[[Found], None]
"""Begins to do here and now what was found; for a process that can do what RQ's jobs do."""


async def sweep_once(store: Store, queue: Queue, stand_in: StandIn | None = None) -> int:
    """Call for every portal that is due and served by nobody, and forget what has had its time; how many were called.

    While Redis's memory is too full for RQ, whoever can stand in for it does the work itself; whoever cannot leaves it
    to them.

    No portal is called while RQ's queue is already longer than twice the due ones: then processes are what is missing,
    not jobs.

    Raises:
        Unavailable: Redis does not answer.

    """
    if await queue.refused():
        await store.sweeping.trim()
        return await _without_rq(store, stand_in) if stand_in else 0
    found = await store.sweeping.find()
    if found.portals and await queue.length(CAMPAIGNS) <= 2 * len(found.portals):
        await queue.enqueue_advance(found.portals)
    if found.callbacks:
        await queue.enqueue_notify()
    await store.sweeping.trim()
    return len(found.portals)


async def work_off(store: Store, queue: Queue) -> int:
    """Apply an operator's verb to the next runs of a bulk, if there is one; to how many.

    Raises:
        Unavailable: Redis does not answer, or takes no jobs.

    """
    worked = await store.bulks.work_off()
    if worked is None:
        return 0
    if worked.portals:
        await queue.enqueue_advance(worked.portals)
    if worked.notify:
        await queue.enqueue_notify()
    return worked.runs


async def _without_rq(store: Store, stand_in: StandIn) -> int:
    found = await store.sweeping.find()
    if found.portals or found.callbacks:
        log.warning("sweep.without_rq", portals=found.portals, callbacks=found.callbacks)
        stand_in(found)
    return len(found.portals)


async def sweep(store: Store, queue: Queue, stand_in: StandIn | None = None) -> None:
    """Sweep until cancelled."""
    while True:
        try:
            await sweep_once(store, queue, stand_in)
            await work_off(store, queue)
        except Unavailable as error:
            log.warning("sweep.unavailable", problem=str(error))
        except Exception:
            log.exception("sweep.fault")  # of ours, as with a run that is damaged: the others still need to be called
        await asyncio.sleep(EACH)
