"""A run in hand goes as fast as the most urgent one behind it in its lane, from the next time it is saved."""

import pytest

from campaigns.model import Run
from campaigns.wishes import AttachAsset, CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, ended, engine, serving

ASSETS = 4


def a_rich_run(key: str, **told: str) -> Run:
    assets = (AttachAsset("FORM", str(number)) for number in range(ASSETS))
    return a_run(key, CreateCampaign({"hs_name": key}), *assets, **told)  # type: ignore[arg-type]


@pytest.mark.usefixtures("redis")
async def test_a_bulk_run_overtakes_a_backlog_once_an_urgent_one_stands_behind_it(
    redis_url: str, hubspot: Running
) -> None:
    hubspot.limit(per_10s=600)
    backlog = [a_rich_run(f"k-{number}") for number in range(60)]
    head, urgent = a_rich_run("head", subject="lamp", priority="bulk"), a_run("u", subject="lamp", priority="high")
    async with engine(redis_url, hubspot.url) as process:
        await accept(process, [*backlog, head, urgent])
        async with serving(process):
            await ended(process, [head, urgent])
            attached = sum(len(campaign["assets"].get("FORM", ())) for campaign in hubspot.campaigns())
    assert attached < ASSETS * len(backlog) / 2
