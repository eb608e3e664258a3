"""Creates that HubSpot commits after they were declared absent: the second stays, the first goes if nobody uses it."""

import asyncio

import httpx
import pytest
from redis.asyncio import Redis

from campaigns.ghosts import Ghost
from campaigns.keys import Marker
from campaigns.model import Run
from campaigns.states import Done
from campaigns.wishes import AddItem, CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, ended, engine, serving
from tests.flows.working import until
from workers.process import Process

LATE = 900
"""Milliseconds: the first look comes back empty-handed after the settle window of 300, the ghost appears after it."""

pytestmark = pytest.mark.usefixtures("redis")


def standing(hubspot: Running) -> list[str]:
    """The ids of the campaigns that stand."""
    return [campaign["id"] for campaign in hubspot.campaigns() if not campaign["archived"]]


async def receipt(process: Process, run: Run) -> str:
    state = (await process.store.runs.read(run.id)).run.steps[0].state
    assert isinstance(state, Done)
    return state.receipt.id


async def somebody_attaches_a_form(hubspot: Running, campaign: str) -> None:
    await by_hand(hubspot, "PUT", f"/{campaign}/assets/FORM/7")


async def appears(hubspot: Running, properties: dict[str, str]) -> None:
    await by_hand(hubspot, "POST", "", {"properties": properties})


async def by_hand(hubspot: Running, method: str, path: str, body: object = None) -> None:
    url = f"{hubspot.url}/marketing/campaigns/2026-03{path}"
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.request(method, url, headers={"authorization": "Bearer pat-test"}, json=body)
    answer.raise_for_status()


async def made_late(hubspot: Running, process: Process, run: Run, times: int = 1, late: int = LATE) -> None:
    """Run *run*; its first create commits late, and its second makes the campaign that counts."""
    hubspot.plan({"method": "POST", "path": "", "do": "late_commit", "delay_ms": late, "times": times})
    await accept(process, [run])
    await ended(process, [run])


async def test_a_create_that_commits_after_the_second_was_made_is_removed_and_the_second_stays(
    redis_url: str, hubspot: Running
) -> None:
    run = a_run("late")
    async with engine(redis_url, hubspot.url, ghost_looks=(5.0, 7.0)) as process, serving(process):
        await made_late(hubspot, process, run, late=4_000)
        kept = await receipt(process, run)
        (campaign,) = hubspot.campaigns()
        assert campaign["assets"] == {"MARKETING_EMAIL": ["1"]}, "the second has its assets before the first appears"

        async def appeared() -> bool:
            return len(hubspot.campaigns()) == 2

        async def removed() -> bool:
            return standing(hubspot) == [kept]

        await until(appeared)
        await until(removed)
    (campaign,) = [one for one in hubspot.campaigns() if one["id"] == kept]
    assert campaign["assets"] == {"MARKETING_EMAIL": ["1"]}


async def test_a_ghost_that_somebody_uses_is_left_and_shown(redis_url: str, hubspot: Running) -> None:
    run = a_run("used")
    async with engine(redis_url, hubspot.url, ghost_looks=(2.0,)) as process, serving(process):
        await made_late(hubspot, process, run)
        kept = await receipt(process, run)

        async def appeared() -> bool:
            return len(hubspot.campaigns()) == 2

        await until(appeared)
        (ghost,) = [campaign for campaign in standing(hubspot) if campaign != kept]
        await somebody_attaches_a_form(hubspot, ghost)

        async def shown() -> bool:
            return ghost in str(await process.store.ghosts.shown("acme"))

        await until(shown)
    assert sorted(standing(hubspot)) == sorted([ghost, kept])


async def test_an_item_that_commits_late_is_removed_and_the_one_in_the_receipt_stays(
    redis_url: str, hubspot: Running
) -> None:
    run = a_run("item", CreateCampaign({"hs_name": "item"}), AddItem("budget", "Ads", 12.0, 0))
    async with engine(redis_url, hubspot.url, ghost_looks=(1.5, 3.0)) as process, serving(process):
        hubspot.plan({"method": "POST", "path": "/*/budget", "do": "late_commit", "delay_ms": LATE, "times": 1})
        await accept(process, [run])
        (stored,) = await ended(process, [run])
        state = stored.run.steps[1].state
        assert isinstance(state, Done)

        async def appeared() -> bool:
            return len(hubspot.campaigns()[0]["budget"]) == 2

        async def removed() -> bool:
            return [item["id"] for item in hubspot.campaigns()[0]["budget"]] == [state.receipt.id]

        await until(appeared)
        await until(removed)


async def test_of_two_attempts_that_both_came_to_be_the_later_is_a_ghost_of_the_adopted(
    redis_url: str, hubspot: Running
) -> None:
    """The first comes late, the second's answer is lost: the look finds both, and the receipt names the first."""
    run = a_run("both")
    async with engine(redis_url, hubspot.url, ghost_looks=(1.5,)) as process, serving(process):
        create = {"method": "POST", "path": "", "times": 1}
        hubspot.plan({"do": "late_commit", "delay_ms": 450, **create}, {"do": "cut_after", **create})
        await accept(process, [run])
        await ended(process, [run])
        assert len(standing(hubspot)) == 2
        kept = await receipt(process, run)
        assert kept == standing(hubspot)[0]

        async def removed() -> bool:
            return standing(hubspot) == [kept]

        await until(removed)


async def test_a_ghost_is_looked_for_until_its_run_has_ended(redis_url: str, hubspot: Running, redis: Redis) -> None:
    """Its looks may be over before its run gets a receipt."""
    run = a_run("open", notbefore=2**45)
    ghost = str(Ghost("campaign", "-", 0, Marker(run.id, 1)))
    async with engine(redis_url, hubspot.url, ghost_looks=(1.0,)) as process:
        await accept(process, [run])
        await redis.zadd("fanfare:ghosts:acme", {ghost: 1})
        await appears(hubspot, {"hs_name": "open", "hs_notes": str(Marker(run.id, 1))})
        before = hubspot.stats()["requests"]

        async def looked_at() -> bool:
            return bool(hubspot.stats()["requests"] == before + 3)  # the walk, the campaign, its items

        async with serving(process):
            await until(looked_at)
    assert len(standing(hubspot)) == 1
    assert await redis.zscore("fanfare:ghosts:acme", ghost)


async def test_a_ghost_is_looked_for_though_its_portal_has_no_open_run(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    """The due set keeps the portal until the last look."""
    async with engine(redis_url, hubspot.url, ghost_looks=(60.0,)) as process, serving(process):
        await made_late(hubspot, process, a_run("idle"))
    due = await redis.zscore("fanfare:due", "acme")
    seconds, _ = await redis.time()
    assert due is not None
    assert 50 < due / 1000 - seconds < 61


async def test_a_ghost_of_a_step_that_its_run_has_not_is_shown(redis_url: str, hubspot: Running, redis: Redis) -> None:
    """Its key was used again, for a shorter plan: nothing tells whose the item is."""
    run = a_run("shorter")
    marker = Marker(run.id, 1)
    async with engine(redis_url, hubspot.url) as process:
        (stored,) = await advanced(process, [run])
        item = {"name": "Ads", "amount": 12, "order": 0, "description": str(marker)}
        await by_hand(hubspot, "POST", f"/{stored.run.campaign}/budget", item)
        await redis.zadd("fanfare:ghosts:acme", {f"budget {stored.run.campaign} 9 {marker}": 1})
        async with asyncio.timeout(15):
            await process.advance("acme", longest=None)
        (shown,) = await process.store.ghosts.shown("acme")
    (left,) = hubspot.campaigns()[0]["budget"]
    assert shown == f"budget {stored.run.campaign} 9 {marker} {left['id']}"


async def test_a_ghost_whose_run_is_damaged_holds_up_neither_the_others_nor_the_portal(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    damaged, sound = a_run("damaged"), a_run("sound")
    ghosts = [str(Ghost("campaign", "-", 0, Marker(run.id, 1))) for run in (damaged, sound)]
    async with engine(redis_url, hubspot.url, ghost_looks=(1.0,)) as process:
        await advanced(process, [damaged, sound])
        await redis.hset(f"fanfare:run:{damaged.id}", "record", b"2\xff")
        await appears(hubspot, {"hs_name": "sound", "hs_notes": str(Marker(sound.id, 1))})
        await redis.zadd("fanfare:ghosts:acme", {ghost: at for at, ghost in enumerate(ghosts, 1)})
        async with asyncio.timeout(15):
            await process.advance("acme", longest=None)
        (shown,) = await process.store.ghosts.shown("acme")
    assert shown.startswith(ghosts[1])
    assert await redis.zrange("fanfare:ghosts:acme", 0, -1) == [ghosts[0].encode()], "it is looked for again"
