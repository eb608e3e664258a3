"""Redis's clock is set back, as when a replica with another clock takes over: who was far ahead waits, and nobody else."""

import asyncio

from redis.asyncio import Redis

from campaigns.model import Run
from campaigns.quota import Limit
from campaigns.store.portals import Call, Full, Granted, Lease, Portals, Unheard, Withdrawn
from campaigns.store.scripts import Scripts
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, ended, engine, holding, serving, settings_of
from tests.passing_time import HOUR, SECOND, let_pass
from workers.process import opened


class SetBack(Portals):
    """Sets the clock back by an hour before *run* is sent for the second time."""

    def __init__(self, redis: Redis, run: Run) -> None:
        super().__init__(Scripts(redis))
        self._redis = redis
        self._run = run
        self.sent = 0
        self.asked = 0
        self.set_back = asyncio.Event()

    async def send(self, lease: Lease, call: Call, limit: Limit) -> Granted | Full | Unheard | Withdrawn:
        self.asked += 1
        if any(run.id == self._run.id for run, _, _ in call.steps):
            self.sent += 1
            if self.sent == 2:
                await let_pass(self._redis, -HOUR)
                self.set_back.set()
        return await super().send(lease, call, limit)


async def test_a_create_whose_answer_is_lost_is_found_although_it_seems_older_than_its_run(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    run = a_run("one")
    hubspot.plan({"method": "POST", "do": "cut_after", "times": 1})
    async with engine(redis_url, hubspot.url) as process:
        await accept(process, [run])
        await let_pass(redis, -5 * SECOND)
        async with serving(process):
            (found,) = await ended(process, [run])
    assert [one["id"] for one in hubspot.campaigns()] == [found.run.campaign]


async def test_a_step_that_is_to_be_tried_again_keeps_no_other_call_waiting(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    again, other = a_run("again"), a_run("other", caller="events")
    portals = SetBack(redis, again)

    hubspot.plan({"method": "POST", "do": "status_before", "status": 503, "times": 1})
    async with opened(settings_of(redis_url, hubspot.url), store=holding(portals)) as process:
        await accept(process, [again])
        async with serving(process):
            await portals.set_back.wait()
            await accept(process, [other])
            (found,) = await ended(process, [other])
            assert found.ending == "done"
            assert (await process.store.runs.read(again.id)).place == "waiting"
            assert portals.asked < 20, "nobody asks again and again"
