"""What Redis keeps of portals in trouble: who has open runs there, and who was told what."""

from typing import cast

import pytest
from redis.asyncio import Redis

from campaigns.parking import Message
from campaigns.store import Store
from campaigns.store.callbacks import Due, Tried
from campaigns.store.portals import Finished, Lease
from tests.builders import a_run, acceptable
from tests.flows.ending import DAY, LEASE, end

PROBED = 60_000
CALM = 60_000


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


async def accept(store: Store, *keys: str, caller: str = "shop") -> None:
    for key in keys:
        await store.acceptance.accept(acceptable(a_run(key, caller=caller), key))


async def a_portal_with_runs(store: Store) -> Lease:
    """Two runs of the shop and one of events are open on the portal, which somebody serves."""
    await accept(store, "s-1", "s-2")
    await accept(store, "e-1", caller="events")
    await store.portals.take(LEASE, 0)
    return LEASE


async def open_runs(redis: Redis) -> dict[str, int]:
    told = cast("dict[bytes, bytes]", await redis.hgetall("fanfare:open:acme"))
    return {name.decode(): int(number) for name, number in told.items()}


async def claimed(store: Store) -> dict[tuple[str, str], Message]:
    """The messages that are due now, by caller and type."""
    due = (await store.callbacks.claim(100)).due
    return {(one.caller, one.what.type): one.what for one in due if isinstance(one.what, Message)}


async def everything(store: Store, redis: Redis) -> list[tuple[str, str, int]]:
    """All messages, in the order in which they are claimed when each is delivered before the next claim."""
    found: list[tuple[str, str, int]] = []
    while due := (await store.callbacks.claim(100)).due:
        found += sorted((one.caller, one.what.type, one.what.since) for one in due if isinstance(one.what, Message))
        await store.callbacks.save([Tried(one.id, 1, "delivered") for one in due])
        await later(redis, CALM)
    return found


async def claim_one(store: Store) -> Due:
    (due,) = (await store.callbacks.claim(100)).due
    return due


async def now(redis: Redis) -> int:
    seconds, microseconds = await redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


async def later(redis: Redis, span: int) -> None:
    """Let what waits for *span* ms from now be due, and a portal be calm for so long."""
    rows = await redis.zrange("fanfare:callbacks", 0, -1, withscores=True)
    for name, score in cast("list[tuple[bytes, float]]", rows):
        await redis.zadd("fanfare:callbacks", {name: score - span})
    for field in ("calm", "until"):
        told = await redis.hget("fanfare:park:acme", field)
        if told is not None:
            await redis.hset("fanfare:park:acme", field, str(int(told) - span))


# --- open runs ---


async def test_open_runs_are_counted_by_caller_from_their_acceptance_to_their_end(store: Store, redis: Redis) -> None:
    await a_portal_with_runs(store)
    assert await open_runs(redis) == {"shop": 2, "events": 1}
    await end(store, a_run("s-1"))
    assert await open_runs(redis) == {"shop": 1, "events": 1}


async def test_what_is_said_twice_is_counted_once(store: Store, redis: Redis) -> None:
    await a_portal_with_runs(store)
    await accept(store, "s-1", "s-2")
    assert await open_runs(redis) == {"shop": 2, "events": 1}


async def test_a_portal_without_open_runs_has_no_counts(store: Store, redis: Redis) -> None:
    await accept(store, "s-1")
    await end(store, a_run("s-1"))
    assert await redis.exists("fanfare:open:acme") == 0


# --- a portal is parked ---


async def test_each_caller_is_told_once_with_the_number_of_its_runs(store: Store) -> None:
    lease = await a_portal_with_runs(store)
    at = await store.parked.park(lease, "down", PROBED, "503")
    told = await claimed(store)
    assert {name: message.runs for name, message in told.items()} == {
        ("shop", "portal.delayed"): 2,
        ("events", "portal.delayed"): 1,
    }
    assert told["shop", "portal.delayed"] == Message(
        id=f"acme.shop.{at}.delayed",
        type="portal.delayed",
        caller="shop",
        portal="acme",
        reason="down",
        time=at,
        since=at,
        until=at + PROBED,
        runs=2,
    )


async def test_a_probe_that_fails_tells_nobody_again(store: Store) -> None:
    lease = await a_portal_with_runs(store)
    await store.parked.park(lease, "down", PROBED, "503")
    await claimed(store)
    await store.parked.park(lease, "down", 2 * PROBED, "503")
    assert await claimed(store) == {}


async def test_who_comes_while_the_portal_is_parked_is_told_then(store: Store) -> None:
    await accept(store, "s-1")
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "down", PROBED, "503")
    await claimed(store)
    await accept(store, "e-1", "e-2", caller="events")
    assert {name: message.runs for name, message in (await claimed(store)).items()} == {("events", "portal.delayed"): 1}
    await accept(store, "s-2")
    assert await claimed(store) == {}


async def test_who_comes_when_the_probe_is_due_is_told_only_if_it_fails(store: Store, redis: Redis) -> None:
    """A portal that nothing was sent to for days may be parked from of old."""
    await accept(store, "s-1")
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "down", PROBED, "503")
    await store.callbacks.save([Tried((await claim_one(store)).id, 1, "delivered")])
    await later(redis, PROBED)
    await accept(store, "e-1", caller="events")
    assert await claimed(store) == {}
    await store.parked.park(LEASE, "down", PROBED, "503")
    assert list(await claimed(store)) == [("events", "portal.delayed")]


async def test_a_portal_that_is_well_tells_nobody(store: Store) -> None:
    await a_portal_with_runs(store)
    assert await claimed(store) == {}


# --- and unparked ---


async def test_whoever_was_told_is_told_of_the_recovery_once_it_has_lasted(store: Store, redis: Redis) -> None:
    lease = await a_portal_with_runs(store)
    await store.portals.claim(lease, 100, 0)
    since = await store.parked.park(lease, "token", PROBED, "401")
    for due in (await store.callbacks.claim(100)).due:
        await store.callbacks.save([Tried(due.id, 1, "delivered")])
    await store.portals.finish(lease, [Finished(a_run("e-1", caller="events"), 1, "done")], DAY)
    at = await store.parked.unpark(lease, CALM)
    assert await claimed(store) == {}
    await later(redis, CALM)
    told = await claimed(store)
    assert told["shop", "portal.recovered"] == Message(
        id=f"acme.shop.{since}.recovered",
        type="portal.recovered",
        caller="shop",
        portal="acme",
        reason="token",
        time=at,
        since=since,
        until=None,
        runs=2,
    )
    assert {name: message.runs for name, message in told.items()}["events", "portal.recovered"] == 0
    assert len(told) == 2


async def test_who_came_after_the_trouble_hears_nothing_of_it(store: Store, redis: Redis) -> None:
    await accept(store, "s-1")
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "down", PROBED, "503")
    await store.callbacks.save([Tried((await claim_one(store)).id, 1, "delivered")])
    await store.parked.unpark(LEASE, CALM)
    await accept(store, "e-1", caller="events")
    await later(redis, CALM)
    assert list(await claimed(store)) == [("shop", "portal.recovered")]


async def test_trouble_that_comes_back_soon_is_the_same_trouble(store: Store, redis: Redis) -> None:
    """A portal that is up and down by the minute sends its callers two messages, not a hundred."""
    lease = await a_portal_with_runs(store)
    since = await store.parked.park(lease, "down", PROBED, "503")
    for due in (await store.callbacks.claim(100)).due:
        await store.callbacks.save([Tried(due.id, 1, "delivered")])
    for _ in range(5):
        await store.parked.unpark(lease, CALM)
        await later(redis, CALM // 2)
        await store.parked.park(lease, "down", PROBED, "503")
    await later(redis, 10 * CALM)
    await store.parked.park(lease, "down", PROBED, "503")
    assert await claimed(store) == {}
    assert (await store.parked.of("acme")).since == since
    await store.parked.unpark(lease, CALM)
    await later(redis, CALM)
    told = await claimed(store)
    assert {message.since for message in told.values()} == {since}
    assert sorted(told) == [("events", "portal.recovered"), ("shop", "portal.recovered")]


async def test_trouble_that_comes_back_later_is_told_anew(store: Store, redis: Redis) -> None:
    lease = await a_portal_with_runs(store)
    first = await store.parked.park(lease, "down", PROBED, "503")
    await store.parked.unpark(lease, CALM)
    await later(redis, CALM)
    while await now(redis) <= first:
        pass  # for a millisecond at most
    await store.parked.park(lease, "day", PROBED, "429")
    second = (await store.parked.of("acme")).since
    assert await everything(store, redis) == [
        (caller, told, since)
        for since, told in ((first, "portal.delayed"), (first, "portal.recovered"), (second, "portal.delayed"))
        for caller in ("events", "shop")
    ]


async def test_who_has_nothing_to_do_with_the_next_trouble_hears_nothing_of_it(store: Store, redis: Redis) -> None:
    lease = await a_portal_with_runs(store)
    await store.portals.claim(lease, 100, 0)
    first = await store.parked.park(lease, "down", PROBED, "503")
    await store.parked.unpark(lease, CALM)
    await everything(store, redis)
    await store.portals.finish(lease, [Finished(a_run("e-1", caller="events"), 1, "done")], DAY)
    while await now(redis) <= first:
        pass  # for a millisecond at most
    second = await store.parked.park(lease, "down", PROBED, "503")
    await store.parked.unpark(lease, CALM)
    assert await everything(store, redis) == [("shop", "portal.delayed", second), ("shop", "portal.recovered", second)]


async def test_an_answer_of_redis_that_is_lost_tells_nobody_twice(store: Store, redis: Redis) -> None:
    """Whoever did not hear that it has parked or unparked a portal does so again."""
    lease = await a_portal_with_runs(store)
    since = await store.parked.park(lease, "down", PROBED, "503")
    await store.parked.park(lease, "down", PROBED, "503")
    for due in (await store.callbacks.claim(100)).due:
        await store.callbacks.save([Tried(due.id, 1, "delivered")])
    at = await store.parked.unpark(lease, CALM)
    while await now(redis) <= at:
        pass  # for a millisecond at most
    await store.parked.unpark(lease, CALM)
    assert (await store.parked.of("acme")).recovered == at
    await later(redis, CALM)
    told = await claimed(store)
    assert {(message.id, message.reason) for message in told.values()} == {
        (f"acme.shop.{since}.recovered", "down"),
        (f"acme.events.{since}.recovered", "down"),
    }


# --- delivery ---


async def test_a_recovery_is_never_told_before_the_trouble(store: Store, redis: Redis) -> None:
    """Whoever watches would have an alarm that nothing ends."""
    await accept(store, "s-1")
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "down", PROBED, "503")
    delayed = await claim_one(store)
    await store.parked.unpark(LEASE, CALM)
    await store.callbacks.save([Tried(delayed.id, 1, "due", 10 * CALM, "the receiver answered 500")])
    await later(redis, 2 * CALM)
    assert await claimed(store) == {}
    await later(redis, 8 * CALM)
    assert (await claim_one(store)).id == delayed.id
    await store.callbacks.save([Tried(delayed.id, 1, "delivered")])
    await later(redis, CALM)
    assert list(await claimed(store)) == [("shop", "portal.recovered")]


async def test_a_message_to_nobody_is_dropped(store: Store, redis: Redis) -> None:
    await accept(store, "s-1")
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "down", PROBED, "503")
    await store.callbacks.save([Tried((await claim_one(store)).id, 1, "unwanted")])
    assert await redis.exists("fanfare:callbacks") == 0


async def test_a_message_that_nobody_took_is_kept_for_whoever_asks(store: Store, redis: Redis) -> None:
    await accept(store, "s-1")
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "down", PROBED, "503")
    due = await claim_one(store)
    await store.callbacks.save([Tried(due.id, 1, "parked", problem="the receiver answered 410")])
    assert await redis.exists("fanfare:callbacks") == 0
    assert await redis.hget(f"fanfare:message:{due.id}", "callback_problem") == b"the receiver answered 410"
    assert await redis.pttl(f"fanfare:message:{due.id}") > 0


async def test_a_message_whose_process_died_before_it_posted_comes_back(store: Store) -> None:
    await accept(store, "s-1")
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "down", PROBED, "503")
    assert (await store.sweeping.find()).callbacks is True
    first = await claim_one(store)
    claimed_again = await store.callbacks.claim(100)
    assert claimed_again.due == ()
    assert claimed_again.next_due is not None
    assert (await store.sweeping.find()).callbacks is False
    assert first.tries == 0
