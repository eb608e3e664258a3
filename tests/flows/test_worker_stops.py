"""A worker process that is told to stop in the middle of its portal's work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from campaigns.queue import CAMPAIGNS
from campaigns.settings import Settings
from campaigns.wishes import AttachAsset, CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, settings_of
from tests.flows.working import until
from workers.__main__ import work
from workers.process import Process, opened
from workers.worker import STOPPED


@pytest.mark.usefixtures("redis")
async def test_what_it_serves_is_given_back_with_all_that_is_left_to_do(redis_url: str, hubspot: Running) -> None:
    hubspot.limit(per_10s=20)
    opens: asyncio.Future[Process] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def told_of(told: Settings, registry: CollectorRegistry) -> AsyncIterator[Process]:
        async with opened(told, registry, serves=True) as process:
            opens.set_result(process)
            yield process

    working = asyncio.create_task(work(CAMPAIGNS, settings_of(redis_url, hubspot.url), open_process=told_of))
    process = await opens
    runs = [a_run(f"k-{number}", CreateCampaign({"hs_name": "A"}), AttachAsset("FORM", "1")) for number in range(100)]
    await accept(process, runs)

    async def begun() -> bool:
        return bool(await asyncio.to_thread(hubspot.campaigns))

    await until(begun)
    process.stopping.set()
    assert await working == STOPPED
