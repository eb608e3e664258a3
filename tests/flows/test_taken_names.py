"""What a recipe does where another campaign has the name."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from campaigns.keys import RETENTION
from campaigns.model import Run, Stored
from campaigns.signing import marker_of
from campaigns.states import Done, Failed
from campaigns.store.verbs import Command
from campaigns.wishes import CreateCampaign, Taken
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, ended, engine, serving
from tests.flows.test_ghosts import by_hand
from tests.flows.working import until
from tests.passing_time import DAY, let_pass
from workers.process import Process

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


async def test_a_campaign_whose_name_was_numbered_is_undone(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [named("one", "number")])
        (second,) = await advanced(process, [named("two", "number")])
        async with serving(process):
            await undone(process, hubspot, second)
    assert [one["properties"]["hs_name"] for one in hubspot.campaigns() if not one["archived"]] == ["Sale"]


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


async def undone(process: Process, _: Running, stored: Stored) -> None:
    await process.store.verbs.cancel(stored.run.id, "undo", Command("office"))
    await ended(process, [stored.run])


async def renamed(_: Process, hubspot: Running, stored: Stored) -> None:
    await by_hand(hubspot, "PATCH", f"/{stored.run.campaign}", {"properties": {"hs_name": "Clearance"}})


@pytest.mark.parametrize("taken", ["fail", "adopt", "number"])
@pytest.mark.parametrize(("happens", "left"), [(undone, "Sale"), (renamed, "Clearance")])
async def test_a_name_of_ours_is_free_again_once_its_campaign_is_gone_or_has_another(
    redis_url: str,
    hubspot: Running,
    taken: Taken,
    happens: Callable[[Process, Running, Stored], Awaitable[None]],
    left: str,
) -> None:
    one, two = named("one", taken), named("two", taken)
    async with engine(redis_url, hubspot.url, settle=10.0) as process, serving(process):
        await accept(process, [one])
        (first,) = await ended(process, [one])
        await happens(process, hubspot, first)
        await accept(process, [two])
        (second,) = await ended(process, [two])
    assert (second.ending, second.run.campaign_name) == ("done", "Sale")
    assert names(hubspot) == sorted([left, "Sale"]), "what the first has left, and one of its own"


@pytest.mark.parametrize(
    ("taken", "there"), [("fail", ["Sale"]), ("adopt", ["Sale"]), ("number", ["Sale", "Sale (2)", "Sale (3)"])]
)
async def test_a_name_of_ours_is_taken_before_hubspots_list_shows_its_campaign(
    redis_url: str, hubspot: Running, taken: Taken, there: list[str]
) -> None:
    hubspot.turn(lookup_lag_s="30")
    runs = [named(f"run-{number}", taken) for number in range(3)]
    async with engine(redis_url, hubspot.url, settle=30.0) as process:
        await advanced(process, runs)
    assert names(hubspot) == there


async def test_a_name_of_ours_is_hubspots_to_tell_once_its_list_must_show_it(redis_url: str, hubspot: Running) -> None:
    """Which is at once where the portal's settle window is nothing."""
    runs = [named(key, "number") for key in ("one", "two", "three")]
    async with engine(redis_url, hubspot.url, settle=0.0) as process, serving(process):
        for run in runs[:2]:
            await accept(process, [run])
            await ended(process, [run])
        await by_hand(hubspot, "DELETE", f"/{hubspot.campaigns()[1]['id']}")
        await accept(process, [runs[2]])
        (stored,) = await ended(process, [runs[2]])
    assert stored.run.campaign_name == "Sale (2)"


async def test_an_urgent_run_asks_for_its_name_before_all_that_are_less_urgent(
    redis_url: str, hubspot: Running
) -> None:
    hubspot.limit(per_10s=600)
    bulk = [
        a_run(f"b-{number}", CreateCampaign({"hs_name": f"b-{number}"}, taken="number"), priority="bulk")
        for number in range(60)
    ]
    urgent = a_run("urgent", CreateCampaign({"hs_name": "Sale"}, taken="number"), priority="high")

    async def begun() -> bool:
        return bool(hubspot.campaigns())

    async with engine(redis_url, hubspot.url) as process:
        await accept(process, bulk)
        async with serving(process):
            await until(begun)
            await accept(process, [urgent])
            await ended(process, [urgent])
            before_it = len(hubspot.campaigns()) - 1
    assert before_it < len(bulk) / 2


async def used_again_after_its_time(redis: Redis, process: Process, taken: Taken) -> Stored:
    run = a_run("one", CreateCampaign({"hs_name": "Sale"}, taken=taken))
    await advanced(process, [run])
    await let_pass(redis, RETENTION + DAY)
    await process.store.sweeping.trim()
    (stored,) = await advanced(process, [run])
    return stored


async def test_a_key_that_is_used_after_its_time_makes_another_campaign(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        stored = await used_again_after_its_time(redis, process, "number")
    assert (stored.ending, stored.run.campaign_name) == ("done", "Sale (2)")
    assert names(hubspot) == ["Sale", "Sale (2)"]


async def test_a_key_that_is_used_after_its_time_fails_where_the_name_is_taken(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        stored = await used_again_after_its_time(redis, process, "fail")
    assert (stored.ending, names(hubspot)) == ("failed", ["Sale"])


async def test_a_key_that_is_used_after_its_time_takes_the_campaign_of_its_name_as_anybody_s(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        stored = await used_again_after_its_time(redis, process, "adopt")
    state = stored.run.steps[0].state
    assert isinstance(state, Done)
    assert state.receipt.changed
    assert names(hubspot) == ["Sale"]


async def test_a_numbered_campaign_that_comes_late_is_called_by_its_number(redis_url: str, hubspot: Running) -> None:
    run = named("late", "number")
    async with engine(redis_url, hubspot.url) as process:
        await accept(process, [run])
        accepted = (await process.store.runs.read(run.id)).accepted
        late = {"hs_name": "Sale (2)", "hs_notes": str(marker_of(run, accepted + 1))}
        await by_hand(hubspot, "POST", "", {"properties": late})
        async with serving(process):
            (stored,) = await ended(process, [run])
    assert (names(hubspot), stored.run.campaign_name) == (["Sale (2)"], "Sale (2)")
