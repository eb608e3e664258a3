"""`max_creates_per_hour`: what a recipe may make in an hour is made, the rest is held, and nobody overtakes."""

import msgspec
import pytest
from redis.asyncio import Redis

from campaigns import keys
from campaigns.model import Run, Stored
from campaigns.states import Done, Receipt
from campaigns.store import Store
from campaigns.store.portals import Finished, Lease, Saved
from campaigns.store.verbs import Command
from campaigns.wishes import CreateCampaign
from tests.builders import a_run, acceptable
from tests.passing_time import let_pass

LEASE = Lease("acme", "process-1", "token-1")
HOUR, DAY = 3_600_000, 86_400_000
CAP = 5
FAR = 4_000_000_000_000
"""A day of the year 2096."""


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


def a_capped_run(key: str, *, subject: str | None = None, recipe: str = "launches") -> Run:
    run = a_run(key, CreateCampaign({"hs_name": key}), subject=subject)
    return msgspec.structs.replace(run, recipe=recipe, max_creates_per_hour=CAP)


async def accepted(store: Store, count: int, recipe: str = "launches") -> list[Run]:
    runs = [a_capped_run(f"{recipe} {number}", recipe=recipe) for number in range(count)]
    await accept(store, *runs)
    return runs


async def accept(store: Store, *runs: Run) -> None:
    for run in runs:
        await store.acceptance.accept(acceptable(run, run.id))


async def ended(store: Store) -> list[str]:
    """Claim what can be claimed, and end it; what that was."""
    await store.portals.take(LEASE, 0)
    found: list[str] = []
    while claimed := (await store.portals.claim(LEASE, 100, 0)).runs:
        await store.portals.finish(LEASE, [_end(one) for one in claimed], DAY)
        found += [one.run.id for one in claimed]
    return found


def _end(stored: Stored) -> Finished:
    return Finished(stored.run.with_state("create_campaign", Done(Receipt("c-1")), 5), stored.version, "done")


def ids(runs: list[Run]) -> list[str]:
    return [run.id for run in runs]


async def test_each_hour_as_many_go_as_the_recipe_may_make_in_the_order_in_which_they_came(
    store: Store, redis: Redis
) -> None:
    runs = await accepted(store, 12)
    assert await ended(store) == ids(runs[:5])
    held = [await store.runs.read(run.id) for run in runs[5:]]
    assert {(one.status, one.over) for one in held} == {("held", True)}
    hours = [round(((one.until or 0) - one.accepted) / HOUR) for one in held]
    assert hours == [1, 1, 1, 1, 1, 2, 2]
    await let_pass(redis, HOUR // 2)
    assert await ended(store) == []
    await let_pass(redis, HOUR // 2)
    assert await ended(store) == ids(runs[5:10])
    await let_pass(redis, HOUR)
    assert await ended(store) == ids(runs[10:])
    await let_pass(redis, HOUR + 1_000)
    assert await redis.keys("fanfare:creates:*") == []


async def test_recipes_do_not_count_for_one_another_and_what_brings_everything_itself_counts_for_none(
    store: Store,
) -> None:
    launches, events = await accepted(store, 6), await accepted(store, 6, "events")
    plain = [a_run(f"plain {number}") for number in range(6)]
    await accept(store, *plain)
    assert set(await ended(store)) == {*ids(launches[:5]), *ids(events[:5]), *ids(plain)}


async def test_who_comes_while_others_are_held_waits_behind_them(store: Store, redis: Redis) -> None:
    runs = await accepted(store, 7)
    await ended(store)
    await let_pass(redis, HOUR)
    late = a_capped_run("late")
    await accept(store, late)
    assert await ended(store) == [*ids(runs[5:]), late.id]


async def test_after_a_long_standstill_no_more_go_at_once_than_in_any_hour(store: Store, redis: Redis) -> None:
    """The portal was paused while their time came, one hour after the other."""
    await accepted(store, 17)
    await ended(store)
    await store.parked.pause("acme", "office")
    await let_pass(redis, 10 * HOUR)
    assert await ended(store) == []
    await store.parked.resume("acme")
    for went in (5, 5, 2, 0):
        assert len(await ended(store)) == went
        await let_pass(redis, HOUR)


async def test_the_run_behind_a_held_one_for_the_same_subject_stays_behind_it(store: Store, redis: Redis) -> None:
    await accepted(store, 5)
    first, second = a_capped_run("first", subject="lamp"), a_run("second", subject="lamp")
    await accept(store, first, second)
    await ended(store)
    assert [(await store.runs.read(run.id)).place for run in (first, second)] == ["held", "lane"]
    await let_pass(redis, HOUR)
    assert await ended(store) == [first.id, second.id]


async def test_a_run_that_only_changes_its_subjects_campaign_is_not_held(store: Store, redis: Redis) -> None:
    await accepted(store, 5)
    await ended(store)
    update = a_capped_run("update", subject="lamp")
    subject = f"fanfare:subject:{keys.lane_name('acme', 'shared', 'lamp')}"
    await redis.hset(subject, "campaign", "c-1")
    await redis.expire(subject, 60)
    await accept(store, update)
    assert await ended(store) == [update.id]


async def test_a_run_that_may_make_its_campaign_is_not_held_later(store: Store, redis: Redis) -> None:
    """It waits for longer than an hour with its campaign made, and meanwhile its recipe's hour is full."""
    (run,) = await accepted(store, 1)
    await store.portals.take(LEASE, 0)
    await store.portals.claim(LEASE, 1, 0)
    done = Saved(run, "create_campaign", Done(Receipt("c-1")), place="waiting", span=2 * HOUR)
    await store.portals.save(LEASE, [done])
    await let_pass(redis, 2 * HOUR - 60_000)
    full = [a_capped_run(f"full {number}") for number in range(CAP)]
    await accept(store, *full)
    assert await ended(store) == ids(full)
    await let_pass(redis, 60_000)
    assert await ended(store) == [run.id]


async def test_the_place_of_a_held_run_that_is_cancelled_goes_to_the_last_one(store: Store, redis: Redis) -> None:
    """An operator who cancels what a sender gone wild has sent lets the others go as soon as that is possible."""
    runs = await accepted(store, 17)
    await ended(store)
    for run in runs[5:15]:
        await store.verbs.cancel(run.id, "leave", Command("office"))
    await let_pass(redis, HOUR)
    assert set(await ended(store)) == set(ids(runs[15:]))


async def test_the_place_of_a_cancelled_run_goes_to_none_that_has_made_its_campaign(store: Store, redis: Redis) -> None:
    """Where the clock was set back, the last one in the recipe's hours may be such a one."""
    made = [a_capped_run(f"made {number}") for number in range(3)]
    await accept(store, *made)
    assert await ended(store) == ids(made)
    await let_pass(redis, -2 * HOUR)
    runs = await accepted(store, CAP + 1)
    assert await ended(store) == ids(runs[:CAP])
    await store.verbs.cancel(runs[CAP].id, "leave", Command("office"))
    assert not await redis.exists("fanfare:held:acme")


async def test_who_is_cancelled_before_its_own_time_leaves_no_place(store: Store) -> None:
    runs = await accepted(store, CAP + 1)
    await ended(store)
    held = await store.runs.read(runs[CAP].id)
    timed = a_capped_run("timed")
    timed = msgspec.structs.replace(timed, trigger=msgspec.structs.replace(timed.trigger, notbefore=FAR))
    await accept(store, timed)
    await store.verbs.cancel(timed.id, "leave", Command("office"))
    assert (await store.runs.read(runs[CAP].id)).until == held.until


async def test_whose_hour_has_come_and_that_is_cancelled_before_it_is_claimed_leaves_its_place(
    store: Store, redis: Redis
) -> None:
    runs = await accepted(store, CAP + 1)
    await ended(store)
    await let_pass(redis, HOUR)
    await store.portals.take(LEASE, 0)
    await store.portals.claim(LEASE, 0, 0)  # all hands are full: it only enters the line
    assert (await store.runs.read(runs[CAP].id)).place == "line"
    await store.verbs.cancel(runs[CAP].id, "leave", Command("office"))
    others = [a_capped_run(f"other {number}") for number in range(CAP)]
    await accept(store, *others)
    assert await ended(store) == ids(others)


async def test_a_held_run_that_is_retried_is_held_again_but_not_once_it_has_its_campaign(
    store: Store, redis: Redis
) -> None:
    runs = await accepted(store, 6)
    await ended(store)
    await store.verbs.cancel(runs[5].id, "leave", Command("office"))
    await store.verbs.retry(runs[5].id, Command("office"))
    assert await ended(store) == []
    assert (await store.runs.read(runs[5].id)).over
    await store.verbs.cancel(runs[0].id, "undo", Command("office"))
    assert await ended(store) == [runs[0].id]
    await let_pass(redis, HOUR)
    assert await ended(store) == [runs[5].id]
