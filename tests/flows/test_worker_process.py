"""The worker as a process of its own: signals, exit codes, kills, and RQ's command line."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis

from tests.flows.worker_jobs import HERE
from tests.flows.working import BEGUN, FAILED, a_process, a_worker, push, push_hash, until, word, working
from workers.worker import CANCELLED, STOPPED

PROGRAM = ("-m", "tests.flows.worker_program")
SAFE = ("--job-class", f"{HERE}.ExampleJob", "--serializer", "json")


def rq_worker(redis_url: str, *options: str) -> tuple[str, ...]:
    """RQ's own command, working on the campaigns' queue."""
    return ("-m", "rq.cli", "worker", "--url", redis_url, *options, "campaigns")


@asynccontextmanager
async def holding_a_job(
    redis: Redis, redis_url: str, *, grace: str = "20"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that has begun a job which ends when `release:it` says so."""
    async with a_process(*PROGRAM, redis_url, grace) as process:
        await push(redis, "hold", "it")
        await word(redis, "begun")
        yield process


async def test_sigterm_in_the_middle_of_a_job_lets_it_end(redis: Redis, redis_url: str) -> None:
    async with holding_a_job(redis, redis_url) as process:
        process.send_signal(signal.SIGTERM)
        await redis.rpush("release:it", "now")
        assert await process.wait() == STOPPED
    assert await word(redis, "ended") == "it"


async def test_a_process_that_stops_begins_no_further_job(redis: Redis, redis_url: str) -> None:
    async with holding_a_job(redis, redis_url) as process:
        await push(redis, "linger")
        assert await word(redis, "begun") == "linger"
        process.send_signal(signal.SIGTERM)
        assert await word(redis, "ended") == "linger"  # so it knows that it has to stop
        await push(redis, "note", "not any more")
        await redis.rpush("release:it", "now")
        assert await process.wait() == STOPPED
    assert await redis.llen("noted") == 0


async def test_a_second_sigterm_breaks_nothing(redis: Redis, redis_url: str) -> None:
    """A supervisor may send one to the process and one to its group."""
    async with holding_a_job(redis, redis_url) as process:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        await redis.rpush("release:it", "now")
        assert await process.wait() == STOPPED
    assert await word(redis, "ended") == "it"


async def test_an_idle_process_stops_at_once_and_leaves_nothing(redis: Redis, redis_url: str) -> None:
    async with a_process(*PROGRAM, redis_url, "20") as process:
        await until(lambda: redis.exists("rq:workers"))
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == STOPPED
    assert await redis.keys("*") == []


async def test_a_job_that_outlives_the_grace_shows_in_the_exit_code(redis: Redis, redis_url: str) -> None:
    async with holding_a_job(redis, redis_url, grace="0.1") as process:
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == CANCELLED
    assert await redis.zcard(FAILED) == 1


async def test_what_a_killed_worker_leaves_is_cleared_when_another_starts(redis: Redis, redis_url: str) -> None:
    async with holding_a_job(redis, redis_url) as process:
        await until(lambda: redis.exists("rq:workers"))
        process.kill()
        await process.wait()
    [entry] = cast("list[bytes]", await redis.zrange(BEGUN, 0, -1))
    [dead] = cast("list[bytes]", await redis.smembers("rq:workers"))
    # A minute later: its heartbeats have run out.
    await redis.zadd(BEGUN, {entry: 1})
    await redis.delete(dead)

    async with working(a_worker(redis)):
        await until(lambda: _is_forgotten(redis, dead))
    assert await redis.keys("rq:job:*") == []
    assert await redis.zcard(FAILED) == 0  # a killed worker is no fault of its jobs


async def _is_forgotten(redis: Redis, worker: bytes) -> bool:
    known = await redis.sismember("rq:workers", worker.decode())
    return not known and not await redis.zcard(BEGUN)


async def test_rqs_command_line_runs_the_asynchronous_worker(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    command = rq_worker(redis_url, "--worker-class", "workers.worker.AsyncWorker", *SAFE)
    async with a_process(*command) as process:
        await push(redis, "touch", str(tmp_path / "touched"))
        await until(lambda: asyncio.to_thread((tmp_path / "touched").exists))
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == STOPPED


async def test_rqs_command_line_too_ends_with_the_workers_exit_code(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    """By itself it ends with 0 whatever happened."""
    async with a_process(*rq_worker(redis_url, "--worker-class", f"{HERE}.HastyWorker", *SAFE)) as process:
        await push(redis, "stay", str(tmp_path / "touched"))
        await until(lambda: asyncio.to_thread((tmp_path / "touched").exists))
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == CANCELLED


@pytest.mark.parametrize(
    "options",
    [("--serializer", "json"), ("--job-class", "workers.safe.SafeJob"), (*SAFE, "--burst"), (*SAFE, "callbacks")],
    ids=["any job", "pickle", "burst", "two queues"],
)
async def test_rqs_command_line_is_told_what_the_worker_cannot_do(redis_url: str, options: tuple[str, ...]) -> None:
    async with a_process(*rq_worker(redis_url, "--worker-class", "workers.worker.AsyncWorker", *options)) as process:
        assert await process.wait() == 1


async def test_rqs_own_worker_is_safe_with_safe_jobs(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    """The stock worker runs forbidden functions and stops at a malformed job unless it is given `SafeJob`."""
    await push(redis, "os.mkdir", str(tmp_path / "forbidden"))
    await push_hash(redis, "malformed", data=b"{}", status=b"exploded", origin=b"campaigns")
    await push(redis, "touch", str(tmp_path / "touched"))
    async with a_process(*rq_worker(redis_url, *SAFE, "--burst")) as process:
        assert await process.wait() == 0
    assert (tmp_path / "touched").exists()
    assert not (tmp_path / "forbidden").exists()
    assert await redis.zcard(FAILED) == 2
