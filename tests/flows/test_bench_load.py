"""The bench's own load: what it counts is what happened."""

import asyncio
import os
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec
from redis.asyncio import Redis

from bench.load import BODY, Loaded, send
from tests.flows.serving import a_program
from tests.settings import API_KEYS


async def test_every_answer_is_counted_and_every_202_is_a_run(tmp_path: Path, redis: Redis, redis_url: str) -> None:
    told = {"BENCH_RUN": "r", "BENCH_KEY": API_KEYS["shop"], "BENCH_BODY": BODY}
    async with a_program(tmp_path, redis_url) as (_, http):
        command = (sys.executable, "-m", "bench.load", str(http.base_url.port), "0.2")
        process = await create_subprocess_exec(*command, env=os.environ | told, stdout=PIPE)
        printed, _ = await process.communicate()
    loaded = msgspec.json.decode(printed, type=Loaded)
    assert loaded.accepted > 0
    assert loaded.refused == 0
    assert len(await redis.keys("fanfare:run:*")) == loaded.accepted


async def test_what_is_refused_is_counted_as_that(tmp_path: Path, redis_url: str) -> None:
    told = {"BENCH_RUN": "r", "BENCH_KEY": "wrong", "BENCH_BODY": BODY}
    async with a_program(tmp_path, redis_url) as (_, http):
        command = (sys.executable, "-m", "bench.load", str(http.base_url.port), "0.2")
        process = await create_subprocess_exec(*command, env=os.environ | told, stdout=PIPE)
        printed, _ = await process.communicate()
    loaded = msgspec.json.decode(printed, type=Loaded)
    assert loaded.accepted == 0 < loaded.refused


async def test_exactly_so_many_are_sent_as_are_asked_for(tmp_path: Path, redis: Redis, redis_url: str) -> None:
    async with a_program(tmp_path, redis_url) as (_, http):
        for most in (3, 150):
            key, port = API_KEYS["shop"], http.base_url.port or 0
            sent = await asyncio.to_thread(send, port, most, f"r{most}x", key=key, body=BODY)
            assert (sent.answers, sent.refused) == (most, 0)
    assert len(await redis.keys("fanfare:run:*")) == 153
