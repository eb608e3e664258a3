"""What the machine has found, each told in as few steps as it takes."""

import pytest
from redis.asyncio import Redis

from campaigns import keys
from campaigns.model import Run
from campaigns.store import Store
from campaigns.store.callbacks import Tried
from campaigns.store.portals import Finished, Lease
from campaigns.store.verbs import Command
from tests.builders import a_run, acceptable
from tests.passing_time import SECOND, let_pass

LEASE = Lease("acme", "process-1", "token-1")


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


async def accept(store: Store, key: str, **told: str) -> Run:
    run = a_run(key, **told)  # type: ignore[arg-type]  # the test says what it changes
    await store.acceptance.accept(acceptable(run, key))
    return run


async def a_holder_dies_with_a_run_in_flight(store: Store, redis: Redis) -> None:
    await accept(store, "in flight", subject="lamp")
    await store.portals.take(LEASE, 0)
    await store.portals.claim(LEASE, 10, 0)
    await let_pass(redis, 10 * SECOND)


async def test_a_portal_whose_holder_died_is_not_forgotten_when_the_next_run_waits_in_a_lane(
    store: Store, redis: Redis
) -> None:
    """Nothing stands in its line then, and yet there is somebody to be called."""
    await a_holder_dies_with_a_run_in_flight(store, redis)
    run = a_run("behind it", subject="lamp")
    accepted = await store.acceptance.accept(acceptable(run, "behind it"))
    assert (accepted.calls, (await store.runs.read(run.id)).place) == (("acme",), "lane")


async def test_a_portal_whose_holder_died_is_not_forgotten_when_it_is_paused_and_goes_on(
    store: Store, redis: Redis
) -> None:
    await a_holder_dies_with_a_run_in_flight(store, redis)
    await store.parked.pause("acme", "office")
    await store.parked.resume("acme")
    await let_pass(redis, 10 * SECOND)
    assert (await store.sweeping.find()).portals == ("acme",)


async def test_a_lane_stays_urgent_until_its_urgent_run_has_come(store: Store) -> None:
    """What waits behind is no less urgent because one of those before it has gone."""
    runs = [await accept(store, key, subject="lamp", priority="bulk") for key in ("first", "second")]
    await accept(store, "urgent", subject="lamp", priority="high")
    await accept(store, "somebody else's")
    await store.portals.take(LEASE, 0)
    for run in runs:
        claimed = await store.portals.claim(LEASE, 1, 0)
        assert [stored.run.id for stored in claimed.runs] == [run.id]
        await store.portals.finish(LEASE, [Finished(run, 1, "done")], SECOND)


async def test_nothing_is_left_of_messages_that_could_not_be_delivered(store: Store, redis: Redis) -> None:
    """A message ends by itself, and so must the list in which its caller finds it."""
    await accept(store, "waits for the portal")
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "down", SECOND, "503")
    (message,) = (await store.callbacks.claim(10)).due
    await store.callbacks.save([Tried(message.id, message.sequence, "parked")])
    (listed,), _ = await store.callbacks.undelivered("shop", "parked", after=0, limit=10)
    assert listed.id == message.id
    await let_pass(redis, keys.SHOWN + SECOND)
    assert await redis.keys("fanfare:undelivered:*") == []


async def test_a_portal_whose_holder_died_with_nothing_to_do_is_looked_at_and_not_late(
    store: Store, redis: Redis
) -> None:
    run = await accept(store, "cancelled meanwhile")
    await store.portals.take(LEASE, 0)
    await store.verbs.cancel(run.id, "leave", Command("office"))
    await let_pass(redis, 10 * SECOND)
    assert (await store.sweeping.find()).portals == ("acme",)
    assert await redis.zrange(keys.PREFIXES["late"], 0, -1) == []
