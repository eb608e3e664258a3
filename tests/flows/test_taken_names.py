"""What a recipe does where another campaign has the name."""

import asyncio

import pytest

from campaigns.model import Run
from campaigns.states import Failed
from campaigns.store.verbs import Command
from campaigns.wishes import CreateCampaign, Taken
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, ended, engine, serving

pytestmark = pytest.mark.usefixtures("redis")


def named(key: str, taken: Taken, **properties: str) -> Run:
    return a_run(key, CreateCampaign({"hs_name": "Sale", **properties}, taken=taken), subject=key)


def names(hubspot: Running) -> list[str]:
    return sorted(one["properties"]["hs_name"] for one in hubspot.campaigns())


async def test_unless_told_it_is_left_to_hubspot(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [named("one", "trust")])
        (second,) = await advanced(process, [named("two", "trust")])
    assert (second.ending, names(hubspot)) == ("done", ["Sale", "Sale"])


async def test_it_may_fail_and_says_which_campaign_has_the_name(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        (first,) = await advanced(process, [named("one", "fail")])
        (second,) = await advanced(process, [named("two", "fail")])
    state = second.run.steps[0].state
    assert (first.ending, second.ending, names(hubspot)) == ("done", "failed", ["Sale"])
    assert isinstance(state, Failed)
    assert state.problem.detail == f"name-taken: the campaign {first.run.campaign} has the name 'Sale'"


async def test_it_may_take_that_campaign_for_its_subject(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        (first,) = await advanced(process, [named("one", "trust")])
        (second,) = await advanced(process, [named("two", "adopt", hs_audience="few")])
        (again,) = await advanced(process, [named("two", "adopt", hs_audience="all")])
    (campaign,) = hubspot.campaigns()
    assert first.run.campaign == second.run.campaign == again.run.campaign == campaign["id"]
    assert campaign["properties"]["hs_audience"] == "few"  # the same key is the same wish


async def test_it_may_number_the_name_and_no_two_at_once_get_the_same(redis_url: str, hubspot: Running) -> None:
    hubspot.turn(duplicate_name="409")
    runs = [named(f"run-{number}", "number") for number in range(4)]
    async with engine(redis_url, hubspot.url) as process:
        ends = await advanced(process, runs)
    assert {one.ending for one in ends} == {"done"}
    assert names(hubspot) == ["Sale", "Sale (2)", "Sale (3)", "Sale (4)"]
    assert sorted(one.run.campaign_name for one in ends) == names(hubspot)


@pytest.mark.parametrize("taken", ["fail", "adopt", "number"])
async def test_an_answer_that_is_lost_makes_no_second_campaign_and_its_own_name_is_not_taken(
    redis_url: str, hubspot: Running, taken: Taken
) -> None:
    hubspot.plan({"method": "POST", "do": "cut_after", "times": 1}, {"method": "POST", "do": "cut_before", "times": 1})
    async with engine(redis_url, hubspot.url) as process:
        (run,) = await advanced(process, [named("lost", taken)])
    assert (run.ending, names(hubspot)) == ("done", ["Sale"])


@pytest.mark.parametrize("taken", ["fail", "number"])
async def test_an_attempt_that_was_declared_absent_and_comes_late_is_no_other_campaign(
    redis_url: str, hubspot: Running, taken: Taken
) -> None:
    hubspot.plan({"method": "POST", "do": "late_commit", "delay_ms": 700, "times": 1})
    async with engine(redis_url, hubspot.url, settle=0.1, call_deadline=0.3) as process:
        (run,) = await advanced(process, [named("late", taken)])
        await asyncio.sleep(0.8)  # the late commit is HubSpot's, and sets no event
    assert run.ending == "done"
    assert {one["properties"]["hs_name"] for one in hubspot.campaigns()} == {"Sale"}


async def test_pages_of_a_name_that_are_known_are_not_read_again_until_one_of_its_campaigns_is_gone(
    redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process, serving(process):
        crowd = [a_run(f"c-{number}", CreateCampaign({"hs_name": f"Sale {number}"})) for number in range(120)]
        await accept(process, [*crowd, named("one", "trust")])
        await ended(process, [*crowd, named("one", "trust")])
        pages: list[int] = []
        for key in ("two", "three", "four"):
            before = looks(hubspot)
            await accept(process, [named(key, "number")])
            await ended(process, [named(key, "number")])
            pages.append(looks(hubspot) - before)
        await process.store.verbs.cancel(named("one", "trust").id, "undo", Command("office"))
        await ended(process, [named("one", "trust")])
        await accept(process, [named("five", "number")])
        (stored,) = await ended(process, [named("five", "number")])
    assert pages == [2, 1, 1]
    assert stored.run.campaign_name == "Sale", "its holder is gone"


def looks(hubspot: Running) -> int:
    return int(hubspot.stats()["by_operation"].get("GET /", 0))
