"""Runs and subjects that an earlier release has stored go on under this one."""

import zlib
from typing import cast

import msgspec
from redis.asyncio import Redis

from campaigns import keys
from campaigns.store import records
from campaigns.store.verbs import Command
from campaigns.wishes import CreateCampaign, UpdateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import advanced, ended, engine, serving

LANE = f"fanfare:subject:{keys.lane_name('acme', 'shared', 'lamp')}"


async def subject_of_the_former_format(redis: Redis, campaign: str, order: str) -> None:
    await redis.delete(LANE)
    await redis.hset(LANE, items=["campaign", campaign, "bound", "1795309491018 shop"])
    await redis.hset(LANE, items=["p:hs_name", order, "p:hs_utm", order])
    await redis.pexpire(LANE, keys.SUBJECT)


async def the_subject(redis: Redis) -> dict[bytes, bytes]:
    return cast("dict[bytes, bytes]", await redis.hgetall(LANE))


async def test_a_late_run_sets_only_what_the_former_record_does_not_know_as_newer_and_writes_todays(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        (made,) = await advanced(process, [a_run("make", CreateCampaign({"hs_name": "A"}), subject="lamp", sequence=1)])
        campaign, newer = str(made.run.campaign), f"{9:016d}.{1:014d}.{1:016d}"
        await subject_of_the_former_format(redis, campaign, newer)
        late = UpdateCampaign({"hs_name": "late", "hs_audience": "few"})
        (done,) = await advanced(process, [a_run("late", late, subject="lamp", sequence=5)])
    (theirs,) = hubspot.campaigns()
    assert (done.ending, theirs["properties"]["hs_name"], theirs["properties"]["hs_audience"]) == ("done", "A", "few")
    fields = await the_subject(redis)
    assert set(fields) == {b"campaign", b"bound", b"kept"}
    told = records.subject({name.decode(): value for name, value in fields.items()})
    assert (told.campaign, set(told.orders)) == (campaign, {"hs_name", "hs_utm", "hs_audience"})
    assert (told.orders["hs_name"], told.values) == (newer, {"hs_audience": "few"})


async def test_a_failed_run_of_the_former_format_is_retried(redis: Redis, redis_url: str, hubspot: Running) -> None:
    update = UpdateCampaign({"hs_name": "A"}, upsert=False)
    async with engine(redis_url, hubspot.url) as process:
        (failed,) = await advanced(process, [a_run("update", update, subject="lamp")])
        former = b"1" + zlib.compress(msgspec.msgpack.encode(failed.run))
        await redis.hset(f"fanfare:run:{failed.run.id}", "record", former)
        assert await process.store.runs.read(failed.run.id) == failed
        await advanced(process, [a_run("make", CreateCampaign({"hs_name": "B"}), subject="lamp")])
        await process.store.verbs.retry(failed.run.id, Command("office"))
        async with serving(process):
            (again,) = await ended(process, [failed.run])
    assert (failed.ending, again.ending) == ("failed", "superseded")
