"""What a newer release has stored, as a process of this one finds it during a rollout: left alone, and not lost."""

import asyncio

import httpx
import pytest
from redis.asyncio import Redis

from campaigns import keys
from campaigns.errors import Newer
from campaigns.ghosts import Ghost
from campaigns.keys import Marker
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, ended, engine, serving
from tests.flows.serving import a_service
from tests.settings import bearer, some_settings

NEWER, OLDER = a_run("newer"), a_run("older")
STORED = keys.PREFIXES["run"] + NEWER.id


async def written_by_a_newer_release(redis: Redis) -> bytes:
    """Let the plan of NEWER have a format that is not known here; what it was."""
    plan = await redis.hget(STORED, "plan")
    assert isinstance(plan, bytes)
    await redis.hset(STORED, "plan", b"\xff" + plan[1:])
    return plan


async def test_a_newer_run_is_left_alone_while_the_others_go_on_and_is_carried_on_by_who_can_read_it(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await accept(process, [NEWER, OLDER])
        plan = await written_by_a_newer_release(redis)
        async with serving(process):
            await ended(process, [OLDER])
        with pytest.raises(Newer):
            await process.store.runs.read(NEWER.id)
        await redis.hset(STORED, "plan", plan)
        async with serving(process):
            [stored] = await ended(process, [NEWER])
    assert stored.ending == "done"
    assert len(hubspot.campaigns()) == 2


async def test_who_asks_for_a_newer_run_is_asked_to_come_again(redis: Redis, redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process, a_service(some_settings(redis_url)) as http:
        await accept(process, [NEWER])
        await written_by_a_newer_release(redis)
        answer: httpx.Response = await http.get(f"/v1/runs/{NEWER.id}", headers=bearer("shop"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_ghost_of_a_newer_run_is_looked_for_again_later_and_keeps_no_portal(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    ghosts, ghost = keys.PREFIXES["ghosts"] + "acme", str(Ghost("campaign", "-", 0, Marker(NEWER.id, 1)))
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [NEWER])
        record = await redis.hget(STORED, "record")
        assert isinstance(record, bytes)
        await redis.hset(STORED, "record", b"\xff" + record[1:])
        await redis.zadd(ghosts, {ghost: 1})
        async with asyncio.timeout(15):
            await process.advance("acme", longest=None)
    assert await redis.zscore(ghosts, ghost), "who can read the run finds it"
