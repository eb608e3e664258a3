"""The sweep goes on, whatever it comes across."""

import asyncio

from redis.asyncio import Redis

from campaigns.ending import end
from campaigns.keys import CALL
from campaigns.queue import CAMPAIGNS, Queue
from campaigns.store import Store
from campaigns.sweep import sweep
from tests.builders import a_run, acceptable
from tests.flows.working import until
from tests.passing_time import let_pass


async def test_a_damaged_run_keeps_no_portal_from_being_called(redis: Redis) -> None:
    store, queue = Store(redis), Queue(redis)
    await redis.zadd("fanfare:ended", {"a run that is not there": 1})
    await store.acceptance.accept(acceptable(a_run("one"), "one"))
    sweeping = asyncio.create_task(sweep(store, queue))
    for rounds in (1, 2):
        await let_pass(redis, CALL)

        async def called(times: int = rounds) -> bool:
            return await queue.length(CAMPAIGNS) >= times

        await until(called)
    await end([sweeping])
    await redis.delete("fanfare:ended")
