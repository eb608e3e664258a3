"""The line to Redis breaks or goes silent: nothing that was done is done twice, and nobody waits for ever."""

import asyncio
from collections.abc import Iterator

import pytest

from campaigns.store.patience import ride_out
from campaigns.store.scripts import ScriptName
from simulator.fixture import Running, running
from tests.builders import a_run
from tests.flows.cutting import a_line
from tests.flows.engine import accept, ended, engine, serving


@pytest.fixture(scope="module")
def simulated() -> Iterator[Running]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def hubspot(simulated: Running) -> Running:
    simulated.reset()
    simulated.limit(per_10s=5_000)
    return simulated


@pytest.mark.usefixtures("redis")  # which is empty then
@pytest.mark.parametrize("name", ["accept", "claim", "send", "answered", "save", "finish", "renew"])
async def test_an_answer_of_redis_that_is_lost_costs_no_run(redis_url: str, hubspot: Running, name: ScriptName) -> None:
    """Redis has done it, and whoever asked does not know."""
    runs = [a_run(f"k-{number}") for number in range(5)]
    async with a_line(redis_url) as line, engine(line.url, hubspot.url) as process:
        await accept(process, runs[:1])
        async with serving(process):
            await ended(process, runs[:1])  # all scripts are known to Redis, and called by their hashes
            line.lose_the_answer_to(name)
            async with asyncio.timeout(15):
                await ride_out(lambda: accept(process, runs[1:]))  # a caller sends again what was not confirmed
                found = await ended(process, runs)
                await line.answer_lost.wait()
    assert {stored.ending for stored in found} == {"done"}
    assert len(hubspot.campaigns()) == len(runs)
