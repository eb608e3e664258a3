"""What goes to Redis together, counted by Redis itself: round trips are most of what a trigger waits for."""

import asyncio

import pytest
from redis.asyncio import Redis

from campaigns.store import Store
from campaigns.store.scripts import ScriptFault, Scripts, source
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, ended, engine, serving
from workers.ended import EndedCalls
from workers.expected import AGAIN, Expected


async def reads(redis: Redis) -> int:
    """How often Redis has read from somebody until now; asking is one of them."""
    return int((await redis.info("stats"))["total_reads_processed"])


async def runs_of(redis: Redis) -> int:
    """How many scripts have run until now."""
    return int((await redis.info("commandstats")).get("cmdstat_evalsha", {"calls": 0})["calls"])


async def test_all_scripts_that_are_asked_in_one_turn_of_the_loop_take_one_round_trip(redis: Redis) -> None:
    store = Store(redis)
    await asyncio.gather(store.portals.share(), store.callbacks.claim(1))  # from now on Redis knows them
    before = await reads(redis)
    await asyncio.gather(*(store.portals.share() for _ in range(5)), store.callbacks.claim(1))
    assert await reads(redis) - before == 2


async def test_what_is_wrong_with_one_script_is_told_only_to_who_asked_for_it(redis: Redis) -> None:
    scripts = Scripts(redis, text=lambda name: "return nothing.at_all" if name == "share" else source(name))
    shared: object
    parked: object
    shared, parked = await asyncio.gather(scripts.run("share"), scripts.run("parked", "acme"), return_exceptions=True)
    assert isinstance(shared, ScriptFault)
    assert parked == []


async def test_whoever_asks_in_vain_and_goes_leaves_the_others_their_answers(redis: Redis) -> None:
    store = Store(redis)
    gone = asyncio.create_task(store.portals.share())
    stays = asyncio.create_task(store.portals.share())
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 0
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_scripts_that_redis_has_forgotten_are_told_to_it_again(redis: Redis) -> None:
    store = Store(redis)
    await store.portals.share()
    await redis.script_flush()
    shared, claimed = await asyncio.gather(store.portals.share(), store.callbacks.claim(1))
    assert (shared, claimed.due) == (0, ())


async def test_calls_that_end_together_are_told_together(redis: Redis) -> None:
    store = Store(redis)
    await redis.zadd("fanfare:quota:acme", {"a": 10**15, "b": 10**15})
    await redis.expire("fanfare:quota:acme", 10)
    calls, before = EndedCalls(store.portals, "acme"), await runs_of(redis)
    calls.add("a")
    calls.add("b")
    async with asyncio.timeout(30):
        while await redis.zcount("fanfare:quota:acme", 10**15, "inf"):  # noqa: ASYNC110 - Redis has no event for it
            await asyncio.sleep(0.005)
    assert await runs_of(redis) - before <= 2  # the second, if Redis did not know the script


async def test_who_delivers_is_called_once_for_callbacks_that_are_about_to_come(redis: Redis) -> None:
    store, called, now = Store(redis), asyncio.Semaphore(0), [0.0]

    async def call() -> None:
        called.release()

    expected = Expected(store.callbacks, call, lambda: now[0])
    expected.soon()
    async with asyncio.timeout(30):
        await called.acquire()
    expected.soon()  # at once again
    now[0] += AGAIN
    assert not await store.callbacks.expect(), "somebody has been called"
    await store.callbacks.claim(1)
    assert not await store.callbacks.expect(), "somebody delivers"
    await store.callbacks.leave()
    assert await store.callbacks.expect()
    assert called.locked()


async def test_who_delivers_is_called_before_the_run_has_ended(redis_url: str, redis: Redis, hubspot: Running) -> None:
    hubspot.plan({"method": "PUT", "path": "*/assets/*", "do": "delay", "delay_ms": 1_500, "times": 1})
    run = a_run("a", callbackurl="http://127.0.0.1/status")
    async with engine(redis_url, hubspot.url, call_deadline=10.0) as process, serving(process):
        await accept(process, [run])
        async with asyncio.timeout(30):
            while not await redis.llen("rq:queue:callbacks"):  # noqa: ASYNC110 - Redis has no event for it
                await asyncio.sleep(0.005)
        assert (await process.store.runs.read(run.id)).ending is None
        await ended(process, [run])
