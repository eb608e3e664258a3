"""What RQ's keys say while a worker runs."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from rq.executions import Execution
from rq.job import Job
from rq.utils import now
from rq.worker import BaseWorker

from tests.flows.working import BEGUN, INTERMEDIATE, QUEUE, a_worker, push, until, word, working
from workers.ledger import WRITERS, Ledger
from workers.worker import AsyncWorker


@pytest.fixture
def worker(redis: Redis) -> AsyncWorker:
    return a_worker(redis)


@pytest.fixture
def ledger(worker: AsyncWorker, redis: Redis) -> Ledger:
    return Ledger(worker, redis)


async def begun(redis: Redis, ledger: Ledger) -> tuple[Job, Execution]:
    """A job that the worker has begun."""
    await push(redis, "note", "x")
    job_id = cast("bytes", await redis.lmove("rq:queue:campaigns", "rq:queue:campaigns:intermediate"))
    job = await ledger.read(job_id)
    assert job
    return job, await ledger.begin(job)


async def test_a_beat_keeps_every_running_job_from_counting_as_abandoned(redis: Redis, ledger: Ledger) -> None:
    for _ in range(3):
        await begun(redis, ledger)
    entries = cast("list[bytes]", await redis.zrange(BEGUN, 0, -1))
    await redis.zadd(BEGUN, dict.fromkeys(entries, 1))
    await ledger.beat()
    assert await redis.zcount(BEGUN, now().timestamp() + 50, "+inf") == 3


class Unheard(Ledger):
    """A ledger to which the first two answers get lost."""

    lost = 0

    async def _write(self, pipeline: Any) -> None:  # noqa: ANN401 - as the ledger's own
        await super()._write(pipeline)
        self.lost += 1
        if self.lost <= 2:
            raise RedisConnectionError


async def test_a_job_that_is_entered_again_as_the_answer_got_lost_is_entered_once(
    redis: Redis, worker: AsyncWorker
) -> None:
    unheard = Unheard(worker, redis)
    await push(redis, "note", "x")
    job = await unheard.read(cast("bytes", await redis.lmove(QUEUE, INTERMEDIATE)))
    assert job
    for _ in range(2):
        with pytest.raises(RedisConnectionError):
            await unheard.begin(job)
    execution = await unheard.begin(job)
    assert await redis.zrange(BEGUN, 0, -1) == [execution.composite_key.encode()]
    assert await redis.keys("rq:execution:*") == [execution.key.encode()]


async def test_all_beats_of_a_worker_take_one_round_trip(redis: Redis, ledger: Ledger) -> None:
    for _ in range(3):
        await begun(redis, ledger)
    before = (await redis.info("stats"))["total_reads_processed"]
    await ledger.beat()
    assert (await redis.info("stats"))["total_reads_processed"] - before == 2  # one of them is INFO


async def test_a_beat_comes_whole_or_not_at_all(redis: Redis, ledger: Ledger) -> None:
    """The first half of one is a worker that never expires."""
    await begun(redis, ledger)
    before = (await redis.info("commandstats"))["cmdstat_exec"]["calls"]
    await ledger.beat()
    assert (await redis.info("commandstats"))["cmdstat_exec"]["calls"] - before == 1


async def test_a_worker_that_stops_beating_expires(redis: Redis, worker: AsyncWorker, ledger: Ledger) -> None:
    await begun(redis, ledger)
    await ledger.beat()
    keys = [worker.key, worker.executions_key, *await redis.keys("rq:execution*")]
    assert len(keys) == 4
    assert all([0 < await redis.ttl(key) <= 180 for key in keys])


async def test_a_job_that_ends_during_a_beat_leaves_nothing(redis: Redis, worker: AsyncWorker, ledger: Ledger) -> None:
    """The beat, already on its way, writes the execution's hash anew."""
    job, execution = await begun(redis, ledger)
    async with AsyncExitStack() as writers:
        for _ in range(WRITERS):
            await writers.enter_async_context(ledger._writers)
        beat = asyncio.create_task(ledger.beat())
        await asyncio.sleep(0)
        await Ledger(worker, redis).end(job, execution, None)
    await beat
    assert await redis.keys("rq:execution*") == await redis.keys("rq:job:*") == []


async def test_rqs_own_tools_see_the_worker_and_its_job(redis: Redis, redis_url: str) -> None:
    def busy_workers() -> list[tuple[list[str], int]]:
        with BlockingRedis.from_url(redis_url) as blocking:
            workers = [worker for worker in BaseWorker.all(connection=blocking) if worker.get_state() == "busy"]
            return [(worker.queue_names(), len(worker.get_current_executions())) for worker in workers]

    async with working(a_worker(redis, job_monitoring_interval=0.05)):
        await push(redis, "linger")
        await word(redis, "begun")
        await until(lambda: asyncio.to_thread(busy_workers))
        assert busy_workers() == [(["campaigns"], 1)]
    assert await redis.keys("rq:worker*") == []
