"""HubSpot's limit, kept to the call: by slow and fast calls alike, and by whoever takes over from another process."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, cast

import pytest
from redis.asyncio import Redis

from cli.trial import Ports, lay_out
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, ended, engine, serving
from tests.flows.working import a_process
from tests.settings import some_settings
from workers.process import opened

PER_10S: Final = 190
RUNS: Final = 450
"""Each a create, of which fifty go together, and an asset: two windows and a half."""

FROM_20_MS_TO_2_S: Final = (
    {"do": "delay", "delay_ms": 20},
    {"do": "delay", "delay_ms": 400, "share": 0.4},
    {"do": "delay", "delay_ms": 1_600, "share": 0.1},
)
PATIENCE: Final = 120.0


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_no_call_is_one_too_many_whatever_calls_take_and_whoever_takes_over(
    redis: Redis, redis_url: str, hubspot: Running, tmp_path: Path, end: signal.Signals
) -> None:
    """The simulator counts 190 calls in any ten seconds, to the millisecond. The holder goes in the middle of a window."""
    hubspot.limit(per_10s=PER_10S)
    hubspot.plan(*FROM_20_MS_TO_2_S)
    trial = lay_out(tmp_path, Ports(simulator=int(hubspot.url.rsplit(":", 1)[1])), settle=0.3, call_deadline=5.0)
    runs = [a_run(f"k-{number}") for number in range(RUNS)]
    environment = {**trial.environment, "FANFARE_REDIS_URL": redis_url}
    async with AsyncExitStack() as stack:
        workers = [
            await stack.enter_async_context(a_process("-m", "workers", "campaigns", env=environment)) for _ in range(2)
        ]
        async with opened(some_settings(redis_url, hubspot=hubspot.url)) as process:
            await accept(process, runs)
            await process.queue.enqueue_advance(["acme"])
        await _until(lambda: _calls(hubspot, 230))
        lease = cast("bytes", await redis.get("fanfare:lease:acme")).decode()
        pid = int(lease.split(" ", 1)[0].split(".")[-2])
        assert pid in {worker.pid for worker in workers}
        os.kill(pid, end)
        await _until(lambda: _all_ended(redis))
    by_status = hubspot.stats()["by_status"]
    assert "429" not in by_status, by_status
    assert len(hubspot.campaigns()) == RUNS


async def test_the_last_calls_of_a_day_are_for_priority_high(redis: Redis, redis_url: str, hubspot: Running) -> None:
    hubspot.limit(per_10s=1_000, per_day=400)
    backlog = [a_run(f"k-{number}", priority="bulk") for number in range(500)]
    async with engine(redis_url, hubspot.url) as process:
        await accept(process, backlog)
        async with serving(process):
            await _until(lambda: _some_wait(redis))
            urgent = a_run("high", priority="high")
            await accept(process, [urgent])
            (found,) = await ended(process, [urgent])
    assert found.ending == "done"
    assert "429" not in hubspot.stats()["by_status"]


async def _some_wait(redis: Redis) -> bool:
    return await redis.exists("fanfare:waiting:acme") > 0


async def _calls(hubspot: Running, least: int) -> bool:
    stats = await asyncio.to_thread(hubspot.stats)
    return int(stats["requests"]) >= least


async def _all_ended(redis: Redis) -> bool:
    return await redis.zcard("fanfare:ended") == RUNS


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - neither Redis nor the simulator has an event for it
            await asyncio.sleep(0.1)
