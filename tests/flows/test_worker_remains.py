"""What dead workers leave in RQ's keys, and what of it is cleared away when."""

import time

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from rq import Queue

from tests.flows.working import BEGUN, FAILED, INTERMEDIATE, a_worker
from workers.remains import Remains

LOCK = "rq:clean_registries:campaigns"


@pytest.fixture
def queue(redis: Redis) -> Queue:
    return a_worker(redis).queues[0]


@pytest.fixture
def remains(redis: Redis, queue: Queue) -> Remains:
    return Remains(redis, queue)


async def store(redis: Redis, *job_ids: str) -> None:
    for job_id in job_ids:
        await redis.hset(f"rq:job:{job_id}", "status", "started")


async def test_jobs_of_silent_workers_are_forgotten_and_those_of_living_ones_are_not(
    redis: Redis, remains: Remains
) -> None:
    await store(redis, "silent", "alive")
    await redis.zadd(BEGUN, {"silent:1": time.time() - 1, "alive:2": time.time() + 60})
    assert await remains.clear() == 1
    assert await redis.zrange(BEGUN, 0, -1) == [b"alive:2"]
    assert await redis.keys("rq:job:*") == [b"rq:job:alive"]


async def test_a_popped_job_that_never_began_is_forgotten_at_the_second_look(redis: Redis, remains: Remains) -> None:
    """At the first look it may just have been popped."""
    await store(redis, "stuck", "new")
    await redis.rpush(INTERMEDIATE, "stuck", "stuck")
    assert await remains.clear() == 0
    await redis.rpush(INTERMEDIATE, "new")
    assert await remains.clear() == 1
    assert await redis.lrange(INTERMEDIATE, 0, -1) == [b"new"]
    assert await redis.keys("rq:job:*") == [b"rq:job:new"]


async def test_failures_are_forgotten_after_their_day(redis: Redis, remains: Remains) -> None:
    await redis.zadd(FAILED, {"old": time.time() - 1, "new": time.time() + 60})
    await remains.clear()
    assert await redis.zrange(FAILED, 0, -1) == [b"new"]


async def test_workers_whose_heartbeats_ran_out_are_forgotten(redis: Redis, remains: Remains) -> None:
    await redis.sadd("rq:workers", "rq:worker:dead", "rq:worker:alive", "rq:worker:elsewhere")
    await redis.sadd("rq:workers:campaigns", "rq:worker:dead", "rq:worker:alive")
    await redis.hset("rq:worker:alive", "state", "idle")
    await redis.expire("rq:worker:alive", 60)
    await remains.clear()
    assert await redis.smembers("rq:workers:campaigns") == {b"rq:worker:alive"}
    assert await redis.smembers("rq:workers") == {b"rq:worker:alive", b"rq:worker:elsewhere"}


async def test_one_worker_at_a_time_clears_and_gives_the_lock_back(redis: Redis, remains: Remains) -> None:
    await redis.zadd(BEGUN, {"silent:1": 1})
    await redis.set(LOCK, "another worker's")
    assert await remains.clear() == 0
    assert await redis.get(LOCK) == b"another worker's"
    await redis.delete(LOCK)
    assert await remains.clear() == 1
    assert not await redis.exists(LOCK)


async def test_the_lock_is_given_back_when_clearing_fails(redis: Redis, remains: Remains) -> None:
    """RQ's own lock would keep everybody from clearing for fifteen minutes."""
    await redis.set(INTERMEDIATE, "no list")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await remains.clear()
    assert not await redis.exists(LOCK)
