"""Answers lost after HubSpot committed never make a second campaign; and a test of this test."""

import asyncio
from collections import Counter

import pytest

from campaigns.hubspot.index import Index
from campaigns.model import Run
from campaigns.wishes import CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, ended, engine, serving
from workers.lookup import Lookup
from workers.process import Process


class Blind(Lookup):
    """A look-up that never finds anything: the ablation."""

    async def look(self, oldest: int) -> Index:
        await super().look(oldest)
        return Index()


def lost(hubspot: Running) -> Counter[str]:
    """How many campaigns HubSpot made whose answer was cut off, by single and by batch creates."""
    rows = [row for row in hubspot.ledger() if row["committed"] and row["status"] == 0]
    return Counter("batch" if row["path"].endswith("/batch/create") else "single" for row in rows)


async def send_aloneand_together(process: Process, hubspot: Running, alone: int, at_once: int) -> list[Run]:
    """Runs one after the other, then others at once, most answers to creates lost after the commit."""
    singly = [a_run(f"single-{number}") for number in range(alone)]
    together = [a_run(f"batch-{number}") for number in range(at_once)]
    hubspot.plan(
        {"method": "POST", "path": "/batch/create", "do": "cut_after", "share": 0.6},
        {"method": "POST", "do": "cut_after", "share": 0.6},
        {"do": "lag_list", "share": 0.5, "delay_ms": 200},
        seed=7,
    )
    async with serving(process):
        for run in singly:
            await accept(process, [run])
            await asyncio.wait_for(ended(process, [run]), 10)
        await accept(process, together)
        await ended(process, together)
    return singly + together


@pytest.mark.usefixtures("redis")
async def test_answers_lost_after_commit_never_make_a_second_campaign(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        runs = await send_aloneand_together(process, hubspot, 12, 150)
        endings = Counter([(await process.store.runs.read(run.id)).ending for run in runs])
    losses = lost(hubspot)
    assert losses.total() >= 60
    assert min(losses["single"], losses["batch"]) > 0
    assert endings == {"done": len(runs)}
    names = Counter(campaign["properties"]["hs_name"] for campaign in hubspot.campaigns())
    assert names == Counter(
        str(run.steps[0].wish.properties["hs_name"]) for run in runs if isinstance(run.steps[0].wish, CreateCampaign)
    )
    assert all(campaign["assets"] == {"MARKETING_EMAIL": ["1"]} for campaign in hubspot.campaigns())


@pytest.mark.usefixtures("redis")
async def test_without_the_look_up_there_are_second_campaigns(redis_url: str, hubspot: Running) -> None:
    """The test above can fail: it is the look-up that it proves."""
    hubspot.plan({"method": "POST", "do": "cut_after", "times": 2})
    async with engine(redis_url, hubspot.url, lookup=Blind) as process:
        runs = [a_run(f"k-{number}") for number in range(60)]
        await advanced(process, runs)
    assert lost(hubspot).total() > 0
    assert len(hubspot.campaigns()) == len(runs) + lost(hubspot).total()
