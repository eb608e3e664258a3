"""The engine in this process: what an `advance` job does, on a real Valkey and a real simulator."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from campaigns.model import Run, Stored
from campaigns.settings import Portal, Settings
from campaigns.store import Store
from campaigns.store.portals import Portals
from tests.builders import acceptable
from tests.settings import TOKEN, some_settings
from workers.calls import Calls
from workers.lookup import Lookup
from workers.process import Process, opened

PATIENCE = 30.0


def settings_of(
    redis_url: str,
    hubspot: str,
    *,
    settle: float = 0.3,
    call_deadline: float = 2.0,
    ghost_looks: tuple[float, ...] = (60.0,),
    probe_after: float = 0.5,
    marker_property: str | None = None,
) -> Settings:
    """Settings whose portal `acme` is the simulator at *hubspot*."""
    portal = Portal(
        marker_property=marker_property,
        token=TOKEN,
        base_url=hubspot,
        settle=settle,
        call_deadline=call_deadline,
        ghost_looks=ghost_looks,
        probe_after=probe_after,
    )
    return some_settings(redis_url, portals={"acme": portal})


@asynccontextmanager
async def engine(
    redis_url: str,
    hubspot: str,
    *,
    lookup: Callable[[Calls, str | None], Lookup] = Lookup,
    **portal: Any,  # noqa: ANN401 - as `settings_of` takes it
) -> AsyncIterator[Process]:
    """A worker process's parts, whose portal `acme` is the simulator at *hubspot*."""
    async with opened(settings_of(redis_url, hubspot, **portal), lookup=lookup) as process:
        yield process


def holding(portals: Portals) -> Callable[[Redis], Store]:
    """Makes the store that an engine is `opened` with, *portals* in the place of its own."""

    def made(redis: Redis) -> Store:
        store = Store(redis)
        store.portals = portals
        return store

    return made


@asynccontextmanager
async def serving(process: Process, portal: str = "acme") -> AsyncIterator[None]:
    """*portal* is served meanwhile, again whenever it was given back as idle; it is given back in order at the end."""
    job = asyncio.create_task(_advance_again_and_again(process, portal))
    try:
        yield
    finally:
        process.stopping.set()
        await job
        process.stopping.clear()


async def _advance_again_and_again(process: Process, portal: str) -> None:
    """What sweeps and RQ do for a portal whose next work is further off than it is kept idle."""
    while not process.stopping.is_set():
        await process.advance(portal, longest=None)
        await asyncio.sleep(0.05)


async def accept(process: Process, runs: Iterable[Run]) -> None:
    """Accept *runs*, all together."""
    await asyncio.gather(*(process.store.acceptance.accept(acceptable(run, run.id)) for run in runs))


async def ended(process: Process, runs: Iterable[Run]) -> list[Stored]:
    """The runs once all have ended."""
    wanted = list(runs)
    async with asyncio.timeout(PATIENCE):
        while True:
            found = [await process.store.runs.read(run.id) for run in wanted]
            if all(stored.ending for stored in found):
                return found
            await asyncio.sleep(0.02)


async def advanced(process: Process, runs: Iterable[Run]) -> list[Stored]:
    """Accept *runs* and serve their portal until all have ended."""
    wanted = list(runs)
    await accept(process, wanted)
    async with serving(process):
        return await ended(process, wanted)
