"""How old a campaign may be that an epoch's walk finds for a run."""

import pytest

from campaigns.keys import DAY, RETENTION
from campaigns.signing import marker_of
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import advanced, engine
from tests.flows.test_ghosts import appears

pytestmark = pytest.mark.usefixtures("redis")


@pytest.mark.parametrize(("age", "campaigns"), [(RETENTION - DAY, 1), (RETENTION + DAY, 1), (2 * RETENTION, 2)])
async def test_a_campaign_that_is_older_than_keys_live_is_of_a_run_before_that_had_the_key(
    redis_url: str, hubspot: Running, age: int, campaigns: int
) -> None:
    """A key lives from the end of its run: one that stayed open for days still has the campaign that it began with."""
    run = a_run("one")
    async with engine(redis_url, hubspot.url, call_deadline=0.5) as process:
        await process.store.epochs.begin()
        epoch = await process.store.epochs.of("acme")
        assert epoch is not None
        await appears(hubspot, {"hs_name": "Launch one", "hs_notes": str(marker_of(run, epoch.began - age))})
        (stored,) = await advanced(process, [run])
    assert stored.run.campaign == hubspot.campaigns()[-1]["id"]
    assert len(hubspot.campaigns()) == campaigns
