"""The next run of a lane goes on at once, not when the lease is renewed."""

import pytest

from campaigns.wishes import CreateCampaign, UpdateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, ended, engine, serving
from workers.leases import RENEW_EACH

pytestmark = pytest.mark.usefixtures("redis")

HOPS = 8


async def test_the_runs_of_a_lane_follow_each_other_without_waiting_for_a_renewal(
    redis_url: str, hubspot: Running
) -> None:
    first = a_run("0", CreateCampaign({"hs_name": "0"}), subject="lamp", sequence=0)
    others = [a_run(f"{n}", UpdateCampaign({"hs_name": f"{n}"}), subject="lamp", sequence=n) for n in range(1, HOPS)]
    async with engine(redis_url, hubspot.url) as process:
        await accept(process, [first, *others])
        async with serving(process):
            times = sorted([stored.ended or 0 for stored in await ended(process, [first, *others])])
    assert times[-1] - times[0] < (HOPS - 1) * RENEW_EACH * 1000 / 3
