"""HubSpot in trouble for long: runs wait, none fails, and afterwards all go on."""

import asyncio

import pytest
from redis.asyncio import Redis

from campaigns.wishes import AttachAsset, CreateCampaign, Wish
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, ended, engine, serving
from tests.flows.working import until
from workers.process import Process
from workers.slots import FOR_HIGH, OF_A_PORTAL

pytestmark = pytest.mark.usefixtures("redis")
RUNS = [a_run(f"k-{number}") for number in range(30)]


async def parked(process: Process) -> str | None:
    return (await process.store.parked.of("acme")).why


async def statuses(process: Process) -> set[str]:
    return {(await process.store.runs.read(run.id)).status for run in RUNS}


async def test_while_hubspot_is_down_runs_wait_and_afterwards_all_are_done(redis_url: str, hubspot: Running) -> None:
    hubspot.plan({"do": "status_before", "status": 503})
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(process, RUNS)
        await until(lambda: parked(process))
        before = hubspot.stats()["requests"]
        await asyncio.sleep(1.6)  # a probe after 0.5 s and one after 1 s more
        assert hubspot.stats()["requests"] - before <= 4
        assert await statuses(process) <= {"waiting", "running"}
        hubspot.plan()
        found = await ended(process, RUNS)
        assert await parked(process) is None
    assert {stored.ending for stored in found} == {"done"}
    assert len(hubspot.campaigns()) == len(RUNS)


async def test_a_revoked_token_parks_the_portal_and_a_new_one_ends_that(redis_url: str, hubspot: Running) -> None:
    hubspot.plan({"do": "status_before", "status": 401})
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(process, RUNS)
        await until(lambda: parked(process))
        assert await parked(process) == "token"
        hubspot.plan()
        assert {stored.ending for stored in await ended(process, RUNS)} == {"done"}


async def test_a_portal_that_is_parked_is_left_alone_by_the_next_process_too(redis_url: str, hubspot: Running) -> None:
    hubspot.plan({"do": "status_before", "status": 503})
    async with engine(redis_url, hubspot.url, probe_after=30.0) as process:
        async with serving(process):
            await accept(process, RUNS)
            await until(lambda: parked(process))
        before = hubspot.stats()["requests"]
        async with engine(redis_url, hubspot.url) as other, serving(other):
            await asyncio.sleep(0.5)
        assert hubspot.stats()["requests"] == before


async def test_a_paused_portal_is_left_alone_until_it_is_resumed(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await process.store.parked.pause("acme", "office")
        await accept(process, RUNS)
        async with serving(process):
            await asyncio.sleep(0.3)
            assert hubspot.stats()["requests"] == 0
        switched = await process.store.parked.resume("acme")
        assert (switched.changed, switched.call) == (True, True)
        async with serving(process):
            assert {stored.ending for stored in await ended(process, RUNS)} == {"done"}


async def test_pausing_reaches_the_holder_at_once_and_nothing_is_lost(redis_url: str, hubspot: Running) -> None:
    hubspot.plan({"do": "delay", "delay_ms": 100})
    async with engine(redis_url, hubspot.url) as process:
        async with serving(process):
            await accept(process, RUNS)
            await until(lambda: _asked(hubspot))
            await process.store.parked.pause("acme", "office")
            await asyncio.sleep(1.0)
            then = hubspot.stats()["requests"]
            await asyncio.sleep(0.5)
            assert hubspot.stats()["requests"] == then
        await process.store.parked.resume("acme")
        async with serving(process):
            await ended(process, RUNS)
    assert len(hubspot.campaigns()) == len(RUNS)


async def test_a_pause_whose_message_was_lost_is_heard_within_two_seconds(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    """The renewal of the lease is the net: each 1.5 seconds it learns that the portal is paused."""
    hubspot.plan({"do": "delay", "delay_ms": 100})
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(process, [a_run(f"slow-{n}", *_slow(n)) for n in range(20)])
        await until(lambda: _asked(hubspot))
        await redis.hset("fanfare:park:acme", "paused", "1 office")
        await asyncio.sleep(2.0)
        then = hubspot.stats()["requests"]
        await asyncio.sleep(0.5)
        assert hubspot.stats()["requests"] == then


async def test_a_pause_is_heard_by_a_holder_whose_hands_are_full(redis_url: str, hubspot: Running) -> None:
    hubspot.plan({"do": "delay", "delay_ms": 100})
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(
            process, [a_run(f"slow-{n}", *_slow(n), priority="high") for n in range(OF_A_PORTAL + FOR_HIGH + 9)]
        )
        await until(lambda: _asked(hubspot))
        await process.store.parked.pause("acme", "office")
        await asyncio.sleep(1.0)
        then = hubspot.stats()["requests"]
        await asyncio.sleep(0.5)
        assert hubspot.stats()["requests"] == then


def _slow(number: int) -> list[Wish]:
    """What keeps a run in hand for seconds."""
    return [CreateCampaign({"hs_name": f"slow {number}"}), *(AttachAsset("FORM", str(asset)) for asset in range(40))]


async def _asked(hubspot: Running) -> bool:
    return bool(hubspot.stats()["requests"])
