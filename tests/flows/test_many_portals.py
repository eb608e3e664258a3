"""Many portals, several worker processes: they are shared out evenly, and anew when one comes or is killed."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from redis.asyncio import Redis

from campaigns.settings import Portal
from cli.trial import Ports, lay_out
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept
from tests.flows.working import a_process
from tests.settings import TOKEN, some_settings
from workers.process import Process, opened

PORTALS: Final = tuple(f"p{number:02}" for number in range(24))
RUNS: Final = 30
"""Of one subject each portal has so many, which go one after the other: it is served all the time and has one call out."""

LATENCY: Final = 2_000
PATIENCE: Final = 90.0
"""A process gives one portal back at each renewal (1.5 s), so twelve take eighteen seconds on an idle machine."""


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_portals_are_even_over_the_processes_that_live_and_all_are_served(
    redis: Redis, redis_url: str, hubspot: Running, tmp_path: Path
) -> None:
    hubspot.plan({"do": "delay", "delay_ms": LATENCY})
    hubspot.limit(per_10s=10_000)
    environment = an_environment(tmp_path, redis_url, hubspot)
    async with AsyncExitStack() as stack:
        process = await stack.enter_async_context(some_portals(redis_url, hubspot))

        async def another() -> int:
            worker = a_process("-m", "workers", "campaigns", env=environment)
            return (await stack.enter_async_context(worker)).pid

        first, second = await another(), await another()
        await accept(
            process, [a_run(f"{portal}-{n}", portal=portal, subject="one") for portal in PORTALS for n in range(RUNS)]
        )
        await process.queue.enqueue_advance(PORTALS)
        await until(lambda: are_served(redis, {first: 12, second: 12}))

        os.kill(first, signal.SIGKILL)
        await until(lambda: are_served(redis, {second: 24}))

        third = await another()
        await until(lambda: are_served(redis, {second: 12, third: 12}))


def an_environment(folder: Path, redis_url: str, hubspot: Running) -> Mapping[str, str]:
    """Of a worker that knows all portals, each of them at the simulator."""
    trial = lay_out(folder, Ports(simulator=int(hubspot.url.rsplit(":", 1)[1])))
    path = folder / "fanfare.toml"
    token = 'token = { env = "HUBSPOT_TOKEN" }'
    more = "".join(f'\n[portals.{portal}]\nbase_url = "{hubspot.url}"\n{token}\n' for portal in PORTALS)
    path.write_text(path.read_text() + more)
    return {**trial.environment, "FANFARE_REDIS_URL": redis_url}


@asynccontextmanager
async def some_portals(redis_url: str, hubspot: Running) -> AsyncIterator[Process]:
    """What accepts runs for them; it serves none."""
    portal = Portal(token=TOKEN, base_url=hubspot.url)
    async with opened(some_settings(redis_url, portals=dict.fromkeys(PORTALS, portal))) as process:
        yield process


async def are_served(redis: Redis, wanted: dict[int, int]) -> bool:
    """Whether each process, by its id, serves so many portals."""
    leases = [await redis.get(f"fanfare:lease:{portal}") for portal in PORTALS]
    pids = [int(lease.decode().split(" ", 1)[0].split(".")[-2]) for lease in leases if isinstance(lease, bytes)]
    return Counter(pids) == wanted


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - Redis has no event for it
            await asyncio.sleep(0.1)
