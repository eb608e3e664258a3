"""What the worker does with the jobs of its queue, in this process and on a real Valkey."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from rq.job import Job

from tests.flows.working import BEGUN, FAILED, INTERMEDIATE, QUEUE, a_worker, push, push_hash, until, word, working
from workers.worker import CANCELLED, DIED, AsyncWorker


async def failures(redis: Redis, redis_url: str) -> list[str]:
    """The last line of the traceback of every failed job, as RQ's own tools show it."""
    ids = [entry.decode() for entry in cast("list[bytes]", await redis.zrange(FAILED, 0, -1))]
    with BlockingRedis.from_url(redis_url) as blocking:
        jobs = [Job.fetch(job_id, connection=blocking, serializer="rq.serializers.JSONSerializer") for job_id in ids]
        results = [job.latest_result() for job in jobs]
    return [str(result.exc_string).strip().splitlines()[-1] for result in results if result]


async def test_a_job_is_run_and_finds_what_the_caller_put_into_its_context(redis: Redis) -> None:
    async with working(a_worker(redis)):
        await push(redis, "note", "hello")
        assert await word(redis, "noted") == "hello"


async def test_a_hundred_jobs_run_at_once_on_one_loop(redis: Redis) -> None:
    async with working(a_worker(redis)):
        for number in range(100):
            await push(redis, "hold", str(number))
        await until(lambda: _has(redis, "begun", 100))
        for number in range(100):
            await redis.rpush(f"release:{number}", "now")
        await until(lambda: _has(redis, "ended", 100))


async def _has(redis: Redis, name: str, length: int) -> bool:
    return await redis.llen(name) == length


async def test_no_more_jobs_run_at_once_than_was_asked_for(redis: Redis) -> None:
    async with working(a_worker(redis, max_jobs=2)):
        for name in ("a", "b", "c"):
            await push(redis, "hold", name)
        assert {await word(redis, "begun"), await word(redis, "begun")} == {"a", "b"}
        assert await redis.llen(QUEUE) == 1
        await redis.rpush("release:a", "now")
        assert await word(redis, "begun") == "c"
        await redis.rpush("release:b", "now")
        await redis.rpush("release:c", "now")


async def test_jobs_that_end_leave_nothing_in_rq(redis: Redis) -> None:
    async with working(a_worker(redis)):
        for number in range(20):
            await push(redis, "note", str(number))
        await until(lambda: _has(redis, "noted", 20))
    assert await redis.keys("rq:*") == [b"rq:queues"]


async def test_a_job_that_fails_is_kept_for_a_day_with_its_traceback(redis: Redis, redis_url: str) -> None:
    async with working(a_worker(redis)):
        await push(redis, "fail")
        await until(lambda: redis.zcard(FAILED))
    assert await failures(redis, redis_url) == ["ArithmeticError: this job always fails"]
    left = cast("list[bytes]", await redis.keys("rq:*"))
    assert {key.split(b":")[1] for key in left} == {b"queues", b"failed", b"job", b"results"}
    assert all([86_000 < await redis.ttl(key) <= 86_400 for key in await redis.keys("rq:job:*")])


async def test_a_forbidden_function_fails_and_the_next_job_runs(redis: Redis, redis_url: str) -> None:
    """Whoever can write to Redis could otherwise run anything that Python can import."""
    async with working(a_worker(redis)):
        await push(redis, "os.system", "true")
        await push(redis, "note", "still here")
        assert await word(redis, "noted") == "still here"
    [failure] = await failures(redis, redis_url)
    assert failure.startswith("workers.safe.ForbiddenFunction: 'os.system' is not one of")


async def test_a_function_that_is_no_coroutine_fails(redis: Redis, redis_url: str) -> None:
    """It would hold up every other job of the process."""
    async with working(a_worker(redis)):
        await push(redis, "synchronous")
        await until(lambda: redis.zcard(FAILED))
    [failure] = await failures(redis, redis_url)
    assert failure.endswith("synchronous is not a coroutine function")


@pytest.mark.parametrize(
    "fields",
    [
        {"data": b'["os.system", null, [], {}]', "status": b"exploded"},
        {"status": b"queued"},
        {"data": b"\x80\x04not json", "status": b"queued"},
        {"data": b'["too", "short"]', "status": b"queued"},
        {"data": b'[["a", "list"], null, [], {}]', "status": b"queued"},
        {"data": b'["workers.jobs.advance", "an instance", [], {}]', "status": b"queued"},
        {"data": b'["tests.flows.worker_jobs.note", null, 7, 7]', "status": b"queued"},
        {"data": b"{}", "created_at": b"yesterday"},
        {"data": b"{}", "origin": b"\xff"},
        {"data": b"{}", "retries_left": b"many", "timeout": b"soon", "webhooks": b"[{}]", "dependency_ids": b"{"},
    ],
    ids=lambda fields: next(iter(reversed(fields))),
)
async def test_a_malformed_job_is_recorded_as_failed_and_the_next_one_runs(
    redis: Redis, redis_url: str, fields: dict[str, bytes]
) -> None:
    """RQ's own worker stops at some of them, and each worker that is started afterwards too."""
    async with working(a_worker(redis)):
        await push_hash(redis, "malformed", **fields)
        await push(redis, "note", "still here")
        assert await word(redis, "noted") == "still here"
        await until(lambda: redis.zcard(FAILED))
    assert len(await failures(redis, redis_url)) == 1
    assert await redis.llen(INTERMEDIATE) == await redis.zcard(BEGUN) == 0


@pytest.mark.parametrize("job_id", [b"vanished", b"text", b"no/id", b"\xff\xfe", b""])
async def test_what_is_no_job_is_dropped_and_the_next_one_runs(redis: Redis, job_id: bytes) -> None:
    await redis.set("rq:job:text", "no hash")
    async with working(a_worker(redis)):
        await redis.rpush(QUEUE, job_id)
        await push(redis, "note", "still here")
        assert await word(redis, "noted") == "still here"
    assert not await redis.exists(INTERMEDIATE, BEGUN, FAILED)


async def test_jobs_are_left_to_others_while_the_process_is_over_its_share(redis: Redis) -> None:
    answers: Iterator[bool] = iter([False, True])
    async with working(a_worker(redis, may_pop=lambda: next(answers, True))):
        await push(redis, "note", "later")
        assert await redis.llen(QUEUE) == 1
        assert await word(redis, "noted") == "later"
    assert next(answers, None) is None


async def test_rq_suspend_holds_the_jobs_and_rq_resume_lets_them_go(redis: Redis) -> None:
    await redis.set("rq:suspended", 1)
    async with working(a_worker(redis)):
        await push(redis, "note", "resumed")
        await until(lambda: redis.exists("rq:workers"))
        assert await redis.llen(QUEUE) == 1
        await redis.delete("rq:suspended")
        assert await word(redis, "noted") == "resumed"


async def test_a_stop_lets_the_jobs_end_that_listen_for_it(redis: Redis) -> None:
    async with working(a_worker(redis)):
        await push(redis, "linger")
        assert await word(redis, "begun") == "linger"
    assert await word(redis, "ended") == "linger"


async def test_a_job_that_comes_while_the_worker_stops_is_left_to_others(redis: Redis) -> None:
    async def waits() -> bool:
        return bool((await redis.info("clients"))["blocked_clients"])

    worker = a_worker(redis)
    async with working(worker):
        await until(waits)
        worker.stopping.set()
        await push(redis, "note", "for another")
    assert await redis.llen(QUEUE) == 1
    assert not await redis.exists(INTERMEDIATE)
    async with working(a_worker(redis)):
        assert await word(redis, "noted") == "for another"


async def test_a_job_that_does_not_end_is_cancelled_after_the_grace_and_recorded(redis: Redis, redis_url: str) -> None:
    async with working(a_worker(redis, grace=0.05), ends=CANCELLED):
        await push(redis, "hang")
        await word(redis, "begun")
    assert await failures(redis, redis_url) == ["asyncio.exceptions.CancelledError"]


async def test_a_fault_of_the_worker_itself_is_told_and_its_jobs_still_end_in_order(redis: Redis) -> None:
    faulty = asyncio.Event()

    def may_pop() -> bool:
        if faulty.is_set():
            raise ZeroDivisionError
        return True

    async with working(a_worker(redis, may_pop=may_pop), ends=DIED):
        await push(redis, "linger")
        await word(redis, "begun")
        faulty.set()
        assert await word(redis, "ended") == "linger"


@pytest.mark.parametrize(
    ("queues", "options"),
    [
        (["campaigns", "callbacks"], {}),
        ([], {}),
        (["campaigns"], {"serializer": "pickle"}),
        (["campaigns"], {"job_class": Job}),
    ],
    ids=["two queues", "none", "pickle", "any function"],
)
async def test_a_worker_refuses_what_would_lose_jobs_or_run_anything(
    redis: Redis, queues: list[str], options: dict[str, Any]
) -> None:
    with pytest.raises((ValueError, TypeError), match="AsyncWorker takes"):
        await AsyncWorker(queues, connection=redis, **options).run()
