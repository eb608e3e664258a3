"""What lives on in Redis, and for how long: once all runs have ended and were trimmed, only the permanent keys."""

from typing import cast

import msgspec
import pytest
from redis.asyncio import Redis

from campaigns import keys
from campaigns.ghosts import Ghost
from campaigns.hubspot.tokens import Access, Grant
from campaigns.keys import Marker
from campaigns.model import Run
from campaigns.quota import Limit
from campaigns.states import Pending, Sent
from campaigns.store import Store
from campaigns.store.callbacks import Tried
from campaigns.store.ghosts import Looked
from campaigns.store.portals import Call, Finished, Lease, Saved
from campaigns.store.verbs import Command
from tests import lifetimes
from tests.builders import a_run, acceptable
from tests.passing_time import DAY, HOUR, SECOND, let_pass

LEASE = Lease("acme", "process-1", "token-1")
OFFICE = Command("office", f"key {keys.key_hash('office', 'k')}", "same")

RUNS = [
    a_run("one", subject="lamp", callbackurl="https://shop.internal/status"),
    a_run("behind it", subject="lamp"),
    a_run("held", notbefore=2**42),
    *(msgspec.structs.replace(a_run(f"capped {number}"), max_creates_per_hour=1) for number in range(2)),
]

WORTH_TELLING = {
    *("run", "key", "index", "ended", "held", "flight", "ghosts", "park", "told", "bulk", "bulks", "callbacks"),
    *("message", "undelivered", "shown", "epoch", "found", "access", "refresh", "creates", "verb"),
}
"""Of these keys there are some before all ends."""


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


async def everything_happens(store: Store) -> None:
    """Each part of the store gets something to keep."""
    await store.epochs.born("test")
    for run in RUNS:
        await store.acceptance.accept(acceptable(run, run.id))
    await store.portals.take(LEASE, 0)
    claimed = (await store.portals.claim(LEASE, 10, 0)).runs
    await an_attempt_leaves_a_ghost(store, claimed[0].run)
    await store.parked.park(LEASE, "down", SECOND, "503")
    await store.parked.unpark(LEASE, SECOND)
    await store.parked.pause("acme", "office")
    await store.bulks.begin("b" * 32, "cancel", [RUNS[2].id], OFFICE)
    await a_token_is_refreshed(store)
    epoch = await store.epochs.of("acme")
    assert epoch is not None
    await store.epochs.save("acme", epoch, {RUNS[0].id: "c-1"})


async def an_attempt_leaves_a_ghost(store: Store, run: Run) -> None:
    step = run.steps[0].name
    await store.portals.send(LEASE, Call("place", SECOND, ((run, step, Sent(SECOND)),)), Limit(190, None))
    ghost = Ghost("campaign", "-", 0, Marker(run.id, 1))
    await store.portals.save(LEASE, [Saved(run, step, Pending(), ghost=(ghost, 1))])
    await store.ghosts.save(LEASE, [Looked(ghost, None, "c-2"), Looked(ghost, 1)])


async def a_token_is_refreshed(store: Store) -> None:
    shelf = store.tokens.shelf("acme", "process-1", Grant("client", "secret", "refresh"))
    async with shelf.alone():
        await shelf.keep(Access("access", 1_800, "another"))


async def everything_ends(store: Store, redis: Redis) -> None:
    """Runs, ghosts, callbacks and bulks, as they do in the course of a year."""
    await store.parked.resume("acme")
    while await store.bulks.work_off():
        pass
    for _ in RUNS:
        await let_pass(redis, HOUR)
        await store.portals.take(LEASE, 0)
        runs = (await store.portals.claim(LEASE, 10, 0, in_hand=())).runs
        await store.portals.finish(LEASE, [Finished(one.run, one.version, "failed") for one in runs], DAY)
    await store.ghosts.save(LEASE, [Looked(ghost, None) for ghost in await store.ghosts.due(LEASE)])
    await store.portals.release(LEASE, 0, anyway=True)
    while await redis.zcard("fanfare:callbacks"):
        due = (await store.callbacks.claim(10)).due
        await store.callbacks.save([Tried(one.id, one.sequence, "parked") for one in due])
        await let_pass(redis, SECOND)


async def names(redis: Redis) -> set[str]:
    """What `keys.PREFIXES` calls the keys that there are."""
    found = {lifetimes.name_of(key.decode()) for key in cast("list[bytes]", await redis.keys("*"))}
    return {name for name in found if name is not None}


async def test_when_all_runs_have_ended_and_were_trimmed_only_the_permanent_keys_are_left(
    store: Store, redis: Redis
) -> None:
    await everything_happens(store)
    kept = await names(redis)
    await everything_ends(store, redis)
    kept |= await names(redis)
    assert kept >= WORTH_TELLING
    await let_pass(redis, 401 * DAY)
    while await store.sweeping.trim():
        pass
    assert await names(redis) == keys.PERMANENT


async def test_a_portal_whose_last_run_is_cancelled_while_it_is_parked_is_forgotten(store: Store, redis: Redis) -> None:
    """Nobody probes a portal that has nothing to do."""
    run = a_run("one")
    await store.acceptance.accept(acceptable(run, run.id))
    await store.portals.take(LEASE, 0)
    await store.portals.claim(LEASE, 1, 0)
    await store.parked.park(LEASE, "down", 60 * SECOND, "503")
    await store.portals.save(LEASE, [Saved(run, place="waiting", span=60 * SECOND)])
    await store.portals.release(LEASE, 0, anyway=True)
    await store.verbs.cancel(run.id, "leave", OFFICE)
    await let_pass(redis, keys.RECOVERED + SECOND)
    assert await redis.exists("fanfare:park:acme", "fanfare:told:acme", "fanfare:turns:acme") == 0


async def test_a_run_and_its_key_go_together_and_the_key_may_then_name_another_wish(store: Store, redis: Redis) -> None:
    """The same key, used again when its run was trimmed, is a new wish with a run of its own life."""
    run = a_run("again")
    await store.acceptance.accept(acceptable(run))
    await store.portals.take(LEASE, 0)
    (claimed,) = (await store.portals.claim(LEASE, 1, 0)).runs
    await store.portals.finish(LEASE, [Finished(claimed.run, claimed.version, "done")], 30 * DAY)
    await let_pass(redis, 30 * DAY - SECOND)
    assert await store.sweeping.trim() == 0
    assert (await store.acceptance.accept(acceptable(run))).outcome == "replayed"
    await let_pass(redis, SECOND)
    assert await store.sweeping.trim() == 1
    assert (await store.acceptance.accept(acceptable(run, fingerprint="another"))).outcome == "accepted"
    assert (await store.runs.read(run.id)).ending is None


@pytest.mark.parametrize(
    ("key", "left", "told"),
    [
        ("fanfare:unheard-of", None, "fanfare:unheard-of is not in keys.py"),
        ("fanfare:lease:acme", None, "fanfare:lease:acme would stay for ever"),
        ("fanfare:accepts", 1, "fanfare:accepts would be forgotten"),
        ("fanfare:wake:process", None, "fanfare:wake:process is not in keys.py"),
        ("rq:worker:one", None, "rq:worker:one would stay for ever"),
    ],
)
def test_a_key_with_a_wrong_lifetime_is_found(key: str, left: int | None, told: str) -> None:
    assert lifetimes.wrong({"fanfare:run:r": None, "fanfare:birth": None, key: left}, bulks=set()) == [told]


def test_what_is_told_of_a_bulk_may_stay_as_long_as_the_bulk() -> None:
    left = {"fanfare:verb:b-1": None, "fanfare:verb:b-2": None}
    assert lifetimes.wrong(left, bulks={"b-1"}) == ["fanfare:verb:b-2 would stay for ever"]
