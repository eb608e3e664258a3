"""What `Queue` puts into Redis, and that RQ's own worker can run it."""

from pathlib import Path
from typing import cast

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from rq.job import Job, JobStatus

from campaigns.errors import Unavailable
from campaigns.queue import CALLBACKS, CAMPAIGNS, Queue
from tests.flows.working import QUEUE, a_process


@pytest.fixture
def queue(redis: Redis) -> Queue:
    return Queue(redis)


async def stored_job(redis: Redis, redis_url: str, key: str) -> Job:
    """The first job of a queue, as RQ reads it."""
    job_id = cast("list[bytes]", await redis.lrange(key, 0, 0))[0]
    with BlockingRedis.from_url(redis_url) as blocking:
        return Job.fetch(job_id.decode(), connection=blocking, serializer="rq.serializers.JSONSerializer")


async def test_an_advance_job_carries_its_portal_and_nothing_else(queue: Queue, redis: Redis, redis_url: str) -> None:
    await queue.enqueue_advance(["acme"])
    job = await stored_job(redis, redis_url, QUEUE)
    assert (job.func_name, job.args, job.kwargs, job.instance) == ("workers.jobs.advance", ["acme"], {}, None)
    assert (job.timeout, job.result_ttl, job.failure_ttl, job.ttl) == (-1, 0, 86_400, None)
    assert (job.get_status(refresh=False), job.origin, job.retries_left) == (JobStatus.QUEUED, CAMPAIGNS, None)


async def test_a_notify_job_waits_in_the_callbacks_queue(queue: Queue, redis: Redis, redis_url: str) -> None:
    await queue.enqueue_notify()
    job = await stored_job(redis, redis_url, "rq:queue:callbacks")
    assert (job.func_name, job.args, job.origin) == ("workers.jobs.notify", [], CALLBACKS)


async def test_a_waiting_job_never_expires(queue: Queue, redis: Redis) -> None:
    """RQ drops a job whose hash is gone without a word."""
    await queue.enqueue_advance(["acme"])
    assert [await redis.ttl(key) for key in await redis.keys("rq:job:*")] == [-1]


async def test_many_portals_take_one_round_trip_and_keep_their_order(
    queue: Queue, redis: Redis, redis_url: str
) -> None:
    before = (await redis.info("stats"))["total_reads_processed"]
    await queue.enqueue_advance([f"portal-{number}" for number in range(5)])
    after = (await redis.info("stats"))["total_reads_processed"]
    assert after - before == 2  # one of them is INFO
    assert await queue.length(CAMPAIGNS) == 5
    assert (await stored_job(redis, redis_url, QUEUE)).args == ["portal-0"]


async def test_no_portals_take_no_round_trip(queue: Queue, redis: Redis) -> None:
    await queue.enqueue_advance([])
    assert await redis.keys("rq:*") == []


async def test_a_queue_without_redis_is_unavailable(tmp_path: Path) -> None:
    async with Redis(unix_socket_path=str(tmp_path / "nobody"), retry=Retry(NoBackoff(), 0)) as redis:
        with pytest.raises(Unavailable):
            await Queue(redis).enqueue_notify()
        with pytest.raises(Unavailable):
            await Queue(redis).length(CAMPAIGNS)


async def test_a_redis_that_is_full_is_unavailable_and_nothing_is_half_enqueued(queue: Queue, redis: Redis) -> None:
    await redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(Unavailable):
            await queue.enqueue_advance(["acme"])
    finally:
        await redis.config_set("maxmemory", "0")
    assert await redis.keys("rq:*") == []


async def test_rqs_own_worker_runs_what_was_enqueued(
    queue: Queue, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    """Whoever runs `rq worker campaigns -S json` has the same jobs, with whatever `workers.jobs` holds there."""
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "__init__.py").touch()
    (tmp_path / "workers" / "jobs.py").write_text(
        "async def advance(portal):\n    with open('advanced', 'a') as file:\n        file.write(portal + '\\n')\n"
    )
    await queue.enqueue_advance(["acme", "globex"])
    command = ("-m", "rq.cli", "worker", "--url", redis_url, "--serializer", "json", "--burst", CAMPAIGNS)
    async with a_process(*command, cwd=str(tmp_path)) as process:
        assert await process.wait() == 0
    assert (tmp_path / "advanced").read_text() == "acme\nglobex\n"
    assert await redis.keys("rq:job:*") == []
