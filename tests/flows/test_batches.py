"""Calls that go together: how many batches a backlog takes, counted at HubSpot."""

from collections import Counter

import pytest

from campaigns.wishes import AttachAsset, CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import advanced, engine

pytestmark = pytest.mark.usefixtures("redis")

PER_10S = 1_900
"""Ten times HubSpot's limit: the same waits, each a tenth as long."""


def batches(hubspot: Running, operation: str) -> list[int]:
    """How many campaigns each batch was for."""
    rows = [row for row in hubspot.ledger() if row["path"].endswith(f"/batch/{operation}")]
    return list(Counter(row["time"] for row in rows).values())


async def test_the_creates_of_a_drain_fill_their_batches(redis_url: str, hubspot: Running) -> None:
    """Attachments end runs, and a run that ends makes room for one more create: they go before a batch that is not full."""
    hubspot.limit(per_10s=PER_10S)
    hubspot.plan({"do": "delay", "delay_ms": 15})
    assets = (AttachAsset("FORM", "1"), AttachAsset("FORM", "2"))
    runs = [a_run(f"k-{number}", CreateCampaign({"hs_name": f"k-{number}"}), *assets) for number in range(600)]
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, runs)
    sizes = batches(hubspot, "create")
    print(sizes, hubspot.stats())
    assert hubspot.stats()["requests"] - len(assets) * len(runs) <= 0.025 * len(runs), sizes
