"""A call has ended on our side when the journal says so, however late its leaving was heard of."""

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis

from campaigns.quota import Limit
from campaigns.store.portals import Call, Full, Granted, Lease, Portals, Unheard, Withdrawn
from campaigns.store.scripts import Scripts
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, holding, settings_of
from workers.process import opened

DEADLINE = 3.0
LATE = 1.5


class HeardLate(Portals):
    """Redis grants a call its place, and its answer takes a while."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(Scripts(redis))
        self._redis = redis
        self.granted: dict[str, int] = {}
        self.spans: asyncio.Queue[int] = asyncio.Queue()

    async def send(self, lease: Lease, call: Call, limit: Limit) -> Granted | Full | Unheard | Withdrawn:
        answer = await super().send(lease, call, limit)
        if isinstance(answer, Granted):
            self.granted[call.place] = answer.at
            await asyncio.sleep(LATE)
        return answer

    async def answered(self, portal: str, places: Sequence[str]) -> None:
        seconds, micros = await self._redis.time()
        for place in places:
            self.spans.put_nowait(seconds * 1000 + micros // 1000 - self.granted[place])
        await super().answered(portal, places)


async def test_a_call_has_only_the_time_that_is_left_until_the_end_in_the_journal(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    hubspot.plan({"do": "delay", "delay_ms": 20_000})
    portals = HeardLate(redis)
    async with opened(settings_of(redis_url, hubspot.url, call_deadline=DEADLINE), store=holding(portals)) as process:
        await accept(process, [a_run("k-1")])
        job = asyncio.create_task(process.advance("acme", longest=None))
        async with asyncio.timeout(30):
            span = await portals.spans.get()
        process.stopping.set()
        await job
    assert DEADLINE - LATE <= span / 1000 <= DEADLINE + 0.5 * LATE
