"""Schedules that are rare and hard: a sender that oversleeps its lease, a person who clones what we have made."""

import asyncio
import signal
from collections import Counter
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from campaigns import health
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, ended, engine, serving
from tests.flows.working import a_process
from tests.passing_time import SECOND, let_pass
from tests.stories.conftest import until
from workers.process import Process

pytestmark = pytest.mark.usefixtures("redis")


def standing(hubspot: Running) -> dict[str, dict[str, Any]]:
    """The campaigns that stand, by their names."""
    return {one["properties"]["hs_name"]: one for one in hubspot.campaigns() if not one["archived"]}


async def test_a_sender_that_is_stopped_past_its_lease_and_wakes_up_changes_nothing_any_more(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    """SIGSTOP, as a machine that stalls: its create has taken effect, the answer waits for it, and another goes on."""
    first, second = a_run("first"), a_run("second")
    late = {"do": "delay", "delay_ms": 800, "times": 1}
    hubspot.plan({"method": "POST", "path": "", **late}, {"method": "PATCH", **late})

    async def made() -> bool:
        return bool(hubspot.campaigns())

    async with (
        engine(redis_url, hubspot.url) as process,
        a_process("-m", "tests.flows.sender_program", redis_url, hubspot.url) as sender,
        httpx.AsyncClient(base_url=hubspot.url, trust_env=False) as http,
    ):
        await accept(process, [first])
        await until(made)
        sender.send_signal(signal.SIGSTOP)
        behind_it = asyncio.create_task(http.patch("/marketing/campaigns/2026-03/none", json={}))
        await let_pass(redis, 10 * SECOND)
        async with serving(process):
            (before,) = await ended(process, [first])
        kept = await redis.hgetall(f"fanfare:run:{first.id}")
        await behind_it  # so the answer to the create waits for the sender, too
        sender.send_signal(signal.SIGCONT)
        await accept(process, [second])  # only the one that has woken serves now, once it knows that it was replaced
        await ended(process, [second])
        assert await redis.hgetall(f"fanfare:run:{first.id}") == kept, "what it saves as it wakes is refused"
        (after,) = await ended(process, [first])
    assert (before.ending, after) == ("done", before)
    assert Counter(one["properties"]["hs_name"] for one in hubspot.campaigns()) == {
        "Launch first": 1,
        "Launch second": 1,
    }
    changes = Counter((row["method"], row["campaign"]) for row in hubspot.ledger() if row["committed"])
    assert changes["PUT", before.run.campaign] == 1


async def test_a_campaign_that_a_person_clones_with_its_notes_is_left_alone_and_health_is_amber(
    redis_url: str, hubspot: Running
) -> None:
    """The clone bears the marker of the campaign in the receipt. It is somebody's, so people are told of it."""
    run = a_run("k-1")
    late = {"method": "POST", "path": "", "do": "late_commit", "delay_ms": 900, "times": 1}

    async with engine(redis_url, hubspot.url, ghost_looks=(4.0, 6.0)) as process, serving(process):
        hubspot.plan(late)
        await accept(process, [run])
        (stored,) = await ended(process, [run])
        assert stored.run.campaign is not None
        await clone(hubspot, stored.run.campaign, "Launch for the press")

        async def told() -> bool:
            return bool(await amber(process))

        async def ghost_is_gone() -> bool:
            return len(hubspot.campaigns()) == 3 and len(standing(hubspot)) == 2

        await until(told)
        await until(ghost_is_gone)
        (seen,) = await amber(process)
    assert seen == "1 things have appeared in HubSpot that people must decide about"
    kept, copy = standing(hubspot)["Launch k-1"], standing(hubspot)["Launch for the press"]
    assert (kept["id"], kept["assets"]) == (stored.run.campaign, {"MARKETING_EMAIL": ["1"]})
    assert copy["properties"]["hs_notes"] == kept["properties"]["hs_notes"]
    assert not [row for row in hubspot.ledger() if row["method"] != "POST" and row["campaign"] == copy["id"]]


async def amber(process: Process) -> list[str]:
    """What health says of the portal."""
    found = health.ills(await process.store.counting.census(["acme"], ["shop"]))
    return [ill.seen for ill in found if (ill.colour, ill.what) == ("amber", "portal acme")]


async def clone(hubspot: Running, campaign: str, name: str) -> None:
    """A person clones a campaign, and gives the clone a name."""
    parts = ("DraftNodes", "Edges", "StickyNotes", "Tasks", "TrackingUrls")
    wanted = {"sourceCampaignGuid": campaign, "name": name, "assetsToClone": {}} | {
        f"shouldClone{part}": True for part in parts
    }
    async with httpx.AsyncClient(trust_env=False, headers={"authorization": "Bearer pat-test"}) as http:
        answer = await http.post(f"{hubspot.url}/marketing/campaigns/2026-09-beta/clone", json=wanted)
    answer.raise_for_status()
