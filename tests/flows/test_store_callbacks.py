"""Callbacks in Redis: who may deliver which, and what is kept of each."""

from typing import cast

import pytest
from redis.asyncio import Redis

from campaigns.store import Store, records
from campaigns.store.callbacks import COMES_BACK, Tried
from campaigns.store.records import Ended
from tests.flows.ending import an_ended_run

URL = "http://127.0.0.1/status"


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


async def claim(store: Store) -> list[str]:
    return [due.id for due in (await store.callbacks.claim(100)).due]


async def make_due(redis: Redis, run: str) -> None:
    await redis.zadd("fanfare:callbacks", {run: 0})


async def kept(redis: Redis, run: str) -> Ended:
    told = cast("dict[bytes, bytes]", await redis.hgetall(f"fanfare:run:{run}"))
    return records.ended({name.decode(): value for name, value in told.items()})


async def test_a_claimed_callback_comes_back_when_nobody_says_what_became_of_it(store: Store) -> None:
    run = await an_ended_run(store, "a", URL)
    claimed = await store.callbacks.claim(100)
    assert [due.id for due in claimed.due] == [run.id]
    assert await claim(store) == []
    assert (await store.callbacks.claim(100)).next_due == claimed.now + COMES_BACK


async def test_no_more_are_claimed_than_asked_for(store: Store) -> None:
    for key in "abc":
        await an_ended_run(store, key, URL)
    assert len((await store.callbacks.claim(2)).due) == 2
    assert (await store.callbacks.claim(0)).due == ()
    assert len((await store.callbacks.claim(2)).due) == 1


async def test_a_run_without_a_callback_url_has_no_callback(store: Store) -> None:
    await an_ended_run(store, "a", None)
    claimed = await store.callbacks.claim(100)
    assert (claimed.due, claimed.next_due) == ((), None)


async def test_a_delivered_callback_is_never_claimed_again(store: Store, redis: Redis) -> None:
    run = await an_ended_run(store, "a", URL)
    await claim(store)
    await store.callbacks.save([Tried(run.id, 1, "delivered")])
    assert await redis.exists("fanfare:callbacks") == 0
    assert await kept(redis, run.id) == Ended("delivered", posted=1, tries=1)


async def test_a_parked_callback_says_why_and_is_not_due(store: Store, redis: Redis) -> None:
    run = await an_ended_run(store, "a", URL)
    (due,) = (await store.callbacks.claim(100)).due
    assert due.tries == 0
    await store.callbacks.save([Tried(run.id, 1, "parked", problem="the receiver answered 410")])
    assert await redis.exists("fanfare:callbacks") == 0
    assert (await kept(redis, run.id)).problem == "the receiver answered 410"


async def test_a_failed_delivery_is_due_again_after_its_span(store: Store) -> None:
    run = await an_ended_run(store, "a", URL)
    await claim(store)
    await store.callbacks.save([Tried(run.id, 1, "due", 60_000)])
    claimed = await store.callbacks.claim(100)
    assert claimed.due == ()
    assert claimed.next_due is not None
    assert 59_000 < claimed.next_due - claimed.now <= 60_000


async def test_a_callback_put_back_untried_has_not_been_tried(store: Store, redis: Redis) -> None:
    run = await an_ended_run(store, "a", URL)
    await claim(store)
    await store.callbacks.save([Tried(run.id, 1, "untried", 0)])
    assert await claim(store) == [run.id]
    assert await kept(redis, run.id) == Ended("due", posted=1, tries=0)


async def test_what_was_delivered_by_one_is_not_made_due_by_another(store: Store, redis: Redis) -> None:
    """Two processes post the same status when the first was away for longer than `COMES_BACK`."""
    run = await an_ended_run(store, "a", URL)
    await store.callbacks.save([Tried(run.id, 1, "delivered"), Tried(run.id, 1, "due", 0)])
    assert await claim(store) == []
    assert await kept(redis, run.id) == Ended("delivered", posted=1, tries=1)


async def test_a_slow_delivery_of_an_old_status_leaves_the_newer_one_due(store: Store, redis: Redis) -> None:
    """A run may be retried and end again while its first status is still being posted."""
    run = await an_ended_run(store, "a", URL)
    await claim(store)
    await redis.hset(f"fanfare:run:{run.id}", "posted", "2")
    await store.callbacks.save([Tried(run.id, 1, "delivered")])
    await make_due(redis, run.id)
    assert await claim(store) == [run.id]


async def test_the_callback_of_a_run_that_was_opened_again_is_dropped(store: Store, redis: Redis) -> None:
    run = await an_ended_run(store, "a", URL)
    await redis.hdel(f"fanfare:run:{run.id}", "callback")
    assert await claim(store) == []
    assert await redis.exists("fanfare:callbacks") == 0


async def test_a_run_that_only_a_newer_program_can_read_does_not_keep_the_others_back(
    store: Store, redis: Redis
) -> None:
    newer, run = await an_ended_run(store, "a", URL), await an_ended_run(store, "b", URL)
    await redis.hset(f"fanfare:run:{newer.id}", "record", b"9 and what we cannot know")
    claimed = await store.callbacks.claim(100)
    assert [due.id for due in claimed.due] == [run.id]
    assert claimed.unreadable == (newer.id,)


async def test_whoever_leaves_while_callbacks_are_due_calls_another(store: Store, redis: Redis) -> None:
    assert await store.callbacks.leave() is False
    run = await an_ended_run(store, "a", URL)
    await claim(store)
    assert await store.callbacks.leave() is False
    await make_due(redis, run.id)
    assert await store.callbacks.leave() is True
    assert await store.callbacks.leave() is False
