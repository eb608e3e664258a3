"""A Redis that has lost everything, or is older than HubSpot: what was made is found, not made again."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from campaigns.states import Pending
from campaigns.wishes import AddItem, CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, engine, settings_of
from tests.flows.working import until
from workers.process import Process, opened

pytestmark = pytest.mark.usefixtures("redis")


RUNS = [
    a_run(f"k-{number}", CreateCampaign({"hs_name": f"{number}"}), AddItem("spend", "Ads", 3.0, 0))
    for number in range(5)
]


async def lose_redis(redis: Redis) -> None:
    await redis.flushall()


async def test_what_a_lost_redis_had_made_is_found_and_not_made_again(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, RUNS)
        made = {campaign["id"] for campaign in hubspot.campaigns()}
        await lose_redis(redis)
        await process.store.epochs.begin()
        found = await advanced(process, [*RUNS, a_run("new")])
    assert {stored.run.campaign for stored in found[:-1]} == made
    assert len(hubspot.campaigns()) == len(RUNS) + 1
    assert [len(campaign["spend"]) for campaign in hubspot.campaigns()] == [1] * len(RUNS) + [0]


async def test_a_process_that_runs_when_redis_loses_everything_finds_it_out(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    elsewhere = hubspot.url.replace("127.0.0.1", "127.1")  # this machine, but not by a name that counts as such
    async with engine(redis_url, elsewhere, call_deadline=0.5) as process:
        await advanced(process, RUNS)
        await lose_redis(redis)
        await advanced(process, RUNS)
    assert len(hubspot.campaigns()) == len(RUNS)


async def test_without_an_epoch_everything_is_made_twice(redis_url: str, hubspot: Running, redis: Redis) -> None:
    """The test above can fail: it is the epoch that it proves."""
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, RUNS)
        await lose_redis(redis)
        await advanced(process, RUNS)
    assert len(hubspot.campaigns()) == 2 * len(RUNS)


async def test_a_missing_birth_record_begins_an_epoch_but_not_for_a_portal_on_this_machine(
    redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        epoch = await process.store.epochs.of("acme")
        assert epoch is not None
        assert (epoch.why, epoch.walked) == ("birth", False)
        (stored,) = await advanced(process, [a_run("first")])
    assert stored.ending == "done"
    assert all(request != "campaign.find" for request in hubspot.stats().get("by_operation", {}))


async def test_an_epoch_that_is_ended_by_hand_holds_nothing_up(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await process.store.epochs.begin()
        await process.store.epochs.end()
        assert await process.store.epochs.of("acme") is None


async def test_nothing_is_made_before_the_calls_of_the_time_before_have_settled(
    redis_url: str, hubspot: Running
) -> None:
    """A call that was under way when Redis was lost may still take effect: the walk begins after it."""
    async with engine(redis_url, hubspot.url, call_deadline=1.0, settle=0.5) as process:
        await process.store.epochs.begin()
        epoch = await process.store.epochs.of("acme")
        assert epoch is not None
        (stored,) = await advanced(process, [a_run("early")])
    assert stored.run.steps[0].at >= epoch.began + 1_500


async def test_who_goes_does_not_wait_for_the_calls_of_the_time_before_to_settle(
    redis_url: str, hubspot: Running
) -> None:
    run, registry = a_run("early"), CollectorRegistry()

    async def in_hand() -> bool:
        return registry.get_sample_value("fanfare_slots_used", {"portal": "acme"}) == 1

    settings = settings_of(redis_url, hubspot.url, call_deadline=100.0, settle=100.0)
    async with opened(settings, registry) as process:
        await process.store.epochs.begin()
        await accept(process, [run])
        job = asyncio.create_task(process.advance("acme", longest=None))
        await until(in_hand)
        process.stopping.set()
        await asyncio.wait_for(job, 10)
        stored = await process.store.runs.read(run.id)
    assert (stored.place, stored.run.steps[0].state) == ("line", Pending())


async def walked(process: Process) -> bool:
    epoch = await process.store.epochs.of("acme")
    return epoch is not None and epoch.walked


async def test_a_portal_is_walked_once_in_an_epoch(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url, call_deadline=0.5) as process:
        await process.store.epochs.begin()
        await advanced(process, [a_run("one")])
        assert await walked(process)
        before = hubspot.stats()["requests"]
        await advanced(process, [a_run("two")])
    assert hubspot.stats()["requests"] - before == 2
