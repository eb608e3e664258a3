"""Operators' verbs in the store: from whatever place, once for each key, in the run's history."""

import asyncio
import random
import time
from typing import cast

import pytest
from redis.asyncio import Redis

from campaigns.errors import Conflict, KeyReused, NotFound, Problem
from campaigns.model import Made, Run, Stored
from campaigns.quota import Limit
from campaigns.states import Done, Failed, Pending, Receipt, Sent, State, Waiting
from campaigns.store import Store
from campaigns.store.callbacks import Tried
from campaigns.store.portals import Call, Finished, Lease, Saved, Withdrawn
from campaigns.store.verbs import Command
from tests.builders import a_run, acceptable
from workers.clock import Clock
from workers.journal import Journal
from workers.ranks import Ranks

LEASE = Lease("acme", "process-1", "token-1")
LIMIT = Limit(per_window=1_000, per_day=None)
DAY = 86_400_000
OFFICE = Command("office")
CREATE = "create_campaign"
WAITING = Waiting(span=60_000, tries=1, since=1, problem=Problem("no"))
URL = "https://shop.example/fanfare"


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


async def accept(store: Store, *runs: Run) -> None:
    for run in runs:
        await store.acceptance.accept(acceptable(run, run.id))


async def claim(store: Store) -> list[str]:
    return [stored.run.id for stored in (await store.portals.claim(LEASE, 10, 0)).runs]


async def waits(store: Store, run: Run, state: State) -> None:
    """Claim *run* and let it wait with its create in *state*."""
    await store.portals.take(LEASE, 0)
    await claim(store)
    await store.portals.save(LEASE, [Saved(run, CREATE, state, place="waiting", span=60_000)])


async def ends(store: Store, run: Run, state: State, ending: str = "done") -> None:
    """Claim *run* and end it with its create in *state*."""
    await store.portals.take(LEASE, 0)
    await store.portals.claim(LEASE, 10, 0)
    stored = await store.runs.read(run.id)
    finished = Finished(stored.run.with_state(CREATE, state, 5), stored.version, ending)  # type: ignore[arg-type]
    assert (await store.portals.finish(LEASE, [finished], DAY))[1] == (True,)


async def test_a_held_run_is_cancelled_at_once(store: Store, redis: Redis) -> None:
    seconds, _ = await redis.time()
    run = a_run("held", notbefore=(seconds + 60) * 1000)
    await accept(store, run)
    answer = await store.verbs.cancel(run.id, "leave", OFFICE)
    stored = await store.runs.read(run.id)
    assert (answer.outcome, stored.status, stored.until) == ("cancelled", "cancelled", None)
    assert await redis.exists("fanfare:held:acme", "fanfare:due") == 0


async def test_a_run_in_the_line_or_waiting_with_nothing_sent_is_cancelled_at_once(store: Store, redis: Redis) -> None:
    waiting, line = a_run("waiting"), a_run("line")
    await accept(store, waiting)
    await waits(store, waiting, WAITING)
    await accept(store, line)
    for run in (waiting, line):
        assert (await store.verbs.cancel(run.id, "undo", OFFICE)).outcome == "cancelled"
    assert await redis.exists("fanfare:line:acme", "fanfare:waiting:acme", "fanfare:flight:acme") == 0
    assert (await store.runs.read(waiting.id)).run.step(CREATE).state == WAITING


async def test_a_run_behind_another_is_cancelled_without_moving_the_head(store: Store) -> None:
    head, second, third = (a_run(key, subject="lamp") for key in ("head", "second", "third"))
    await accept(store, head, second, third)
    await store.portals.take(LEASE, 0)
    assert await claim(store) == [head.id]
    await store.verbs.cancel(second.id, "leave", OFFICE)
    assert await claim(store) == []
    await ends(store, head, Done(Receipt("c-1")))
    assert await claim(store) == [third.id]


async def test_the_head_of_a_lane_that_is_cancelled_lets_the_next_one_go(store: Store) -> None:
    head, second = a_run("head", subject="lamp"), a_run("second", subject="lamp")
    await accept(store, head, second)
    await store.verbs.cancel(head.id, "leave", OFFICE)
    await store.portals.take(LEASE, 0)
    assert await claim(store) == [second.id]


async def test_a_retried_run_in_its_lane_leaves_it_when_it_is_cancelled(store: Store) -> None:
    """It has something done, so it goes to the line, lane or not; the lane must not let it go a second time."""
    first, second = a_run("first", subject="lamp"), a_run("second", subject="lamp")
    await accept(store, first, second)
    run = first.with_state("attach_asset MARKETING_EMAIL 1", Failed(Problem("no")), 5)
    await ends(store, run, Done(Receipt("c-1")), "failed")
    assert await claim(store) == [second.id]
    await store.verbs.retry(first.id, OFFICE)
    assert (await store.verbs.cancel(first.id, "undo", OFFICE)).outcome == "cancelling"
    assert await claim(store) == [first.id]
    await ends(store, second, Done(Receipt("c-1")))
    assert (await store.runs.read(first.id)).place == "flight"


@pytest.mark.parametrize("state", [Sent(lasts=1_000), Done(Receipt("c-1"))])
async def test_a_run_with_something_sent_or_done_goes_to_the_line_with_its_wish(store: Store, state: State) -> None:
    run = a_run("begun")
    await accept(store, run)
    await waits(store, run, state)
    assert (await store.verbs.cancel(run.id, "undo", OFFICE)).outcome == "cancelling"
    (stored,) = (await store.portals.claim(LEASE, 10, 0)).runs
    assert (stored.run.cancel, stored.until) == ("undo", None)
    assert [step.name for step in stored.run.steps][2:] == (["undo " + CREATE] if isinstance(state, Done) else [])


async def test_a_run_in_flight_may_send_nothing_more_and_comes_back_to_the_line(store: Store) -> None:
    run = a_run("flying")
    await accept(store, run)
    await store.portals.take(LEASE, 0)
    await claim(store)
    assert (await store.verbs.cancel(run.id, "leave", OFFICE)).outcome == "cancelling"
    call = Call("p-1", 1_000, ((run, CREATE, Sent(1_000)),))
    assert await store.portals.send(LEASE, call, LIMIT) == Withdrawn(frozenset({run.id}))
    await store.portals.save(LEASE, [Saved(run, place="waiting", span=60_000)])
    (stored,) = (await store.portals.claim(LEASE, 10, 0)).runs
    call = Call("p-1", 1_000, ((stored.run, CREATE, Sent(1_000)),))
    assert not isinstance(await store.portals.send(LEASE, call, LIMIT), Withdrawn)


async def test_a_run_cancelled_in_flight_that_was_to_wait_goes_on_at_once(store: Store) -> None:
    cancelled, other = a_run("cancelled"), a_run("other")
    await accept(store, cancelled, other)
    await store.portals.take(LEASE, 0)
    await claim(store)
    await store.verbs.cancel(cancelled.id, "leave", OFFICE)
    waits = [Saved(run, place="waiting", span=60_000) for run in (cancelled, other)]
    at_once, later = await asyncio.gather(*map(a_journal(store).save, waits))
    assert later == (await store.runs.read(other.id)).until
    assert at_once == later - 60_000
    assert await claim(store) == [cancelled.id]


def a_journal(store: Store) -> Journal:
    async def call() -> None:
        """Nobody delivers callbacks here."""

    clock, ranks = Clock(time.monotonic), Ranks()
    return Journal(store.portals, LEASE, clock, ranks=ranks, retention=DAY, call_notify=call)


async def test_a_run_that_was_cancelled_in_flight_does_not_end_as_if_nothing_had_been_said(store: Store) -> None:
    run = a_run("flying")
    await accept(store, run)
    await store.portals.take(LEASE, 0)
    (stored,) = (await store.portals.claim(LEASE, 10, 0)).runs
    await store.verbs.cancel(run.id, "leave", OFFICE)
    _, flags, _ = await store.portals.finish(LEASE, [Finished(stored.run, stored.version, "done")], DAY)
    assert flags == (False,)


@pytest.mark.parametrize(("first", "second", "stays"), [("leave", "undo", "undo"), ("undo", "leave", "undo")])
async def test_to_leave_may_become_to_undo_but_not_the_other_way(
    store: Store, first: Made, second: Made, stays: Made
) -> None:
    run = a_run("begun")
    await accept(store, run)
    await waits(store, run, Done(Receipt("c-1")))
    for made in (first, second):
        await store.verbs.cancel(run.id, made, OFFICE)
    assert (await store.runs.read(run.id)).run.cancel == stays


async def test_an_ended_run_cannot_be_cancelled_but_undone_once(store: Store) -> None:
    run = a_run("done")
    await accept(store, run)
    await ends(store, run, Done(Receipt("c-1")))
    with pytest.raises(Conflict):
        await store.verbs.cancel(run.id, "leave", OFFICE)
    assert (await store.verbs.cancel(run.id, "undo", OFFICE)).outcome == "reopened"
    assert (await store.verbs.cancel(run.id, "undo", OFFICE)).outcome == "cancelling"
    stored = await store.runs.read(run.id)
    assert (stored.place, stored.run.cancel, [one.verb for one in stored.history]) == ("line", "undo", ["undo"])


async def test_a_retry_begins_what_is_not_done_anew_and_keeps_the_rest(store: Store) -> None:
    run = a_run("failed")
    await accept(store, run)
    await ends(
        store,
        run.with_state("attach_asset MARKETING_EMAIL 1", Failed(Problem("no")), 5),
        Done(Receipt("c-1")),
        "failed",
    )
    await store.verbs.retry(run.id, OFFICE)
    states = [(step.state, step.at) for step in (await store.runs.read(run.id)).run.steps]
    assert states == [(Done(Receipt("c-1")), 5), (Pending(), 0)]


@pytest.mark.parametrize("ending", ["done", "superseded"])
async def test_what_has_not_failed_is_not_retried(store: Store, ending: str) -> None:
    run = a_run("fine")
    await accept(store, run)
    with pytest.raises(Conflict, match="has not ended"):
        await store.verbs.retry(run.id, OFFICE)
    await ends(store, run, Done(Receipt("c-1")), ending)
    with pytest.raises(Conflict, match="nothing of the run has failed"):
        await store.verbs.retry(run.id, OFFICE)


async def test_a_retried_run_takes_its_own_place_in_the_order_again(store: Store) -> None:
    """It goes before the ones that wait behind the head, as it was accepted before them."""
    first, second, third = (a_run(key, subject="lamp") for key in ("first", "second", "third"))
    await accept(store, first, second, third)
    await ends(store, first, Failed(Problem("no")), "failed")
    assert await claim(store) == [second.id]
    await store.verbs.retry(first.id, OFFICE)
    assert (await store.runs.read(first.id)).place == "lane"
    await ends(store, second, Done(Receipt("c-1")))
    assert await claim(store) == [first.id]


async def test_the_callback_of_a_retried_run_has_the_next_number_and_the_old_one_is_dropped(store: Store) -> None:
    run = a_run("told", callbackurl=URL)
    await accept(store, run)
    await ends(store, run, Failed(Problem("no")), "failed")
    (first,) = (await store.callbacks.claim(10)).due
    await store.verbs.retry(run.id, OFFICE)
    await store.callbacks.save([Tried(run.id, first.sequence, "due")])
    assert (await store.callbacks.claim(10)).due == ()
    await ends(store, run, Done(Receipt("c-1")))
    (second,) = (await store.callbacks.claim(10)).due
    assert (first.sequence, second.sequence, second.tries) == (1, 2, 0)
    assert isinstance(second.what, Stored)
    assert second.what.ending == "done"


async def test_a_cancelled_runs_status_is_due_at_once(store: Store) -> None:
    run = a_run("told", callbackurl=URL)
    await accept(store, run)
    answer = await store.verbs.cancel(run.id, "leave", OFFICE)
    (due,) = (await store.callbacks.claim(10)).due
    assert isinstance(due.what, Stored)
    assert (answer.notify, due.what.ending, due.sequence) == (True, "cancelled", 1)


async def test_the_same_key_applies_a_verb_once_and_gives_the_same_answer(store: Store) -> None:
    """A retry whose answer got lost must not be a second retry when the run has failed again."""
    run, command = a_run("failed"), Command("office", once="key k-1", mark="retry-failed")
    await accept(store, run)
    await ends(store, run, Failed(Problem("no")), "failed")
    first = await store.verbs.retry(run.id, command)
    await ends(store, run, Failed(Problem("no")), "failed")
    again = await store.verbs.retry(run.id, command)
    assert (first.outcome, first.again, again.outcome, again.again) == ("reopened", False, "reopened", True)
    assert (await store.runs.read(run.id)).ending == "failed"
    with pytest.raises(KeyReused):
        await store.verbs.retry(run.id, Command("office", once="key k-1", mark="something else"))


async def test_a_run_that_is_forgotten_is_not_retried(store: Store, redis: Redis) -> None:
    run = a_run("old")
    await accept(store, run)
    await ends(store, run, Failed(Problem("no")), "failed")
    await redis.delete("fanfare:key:" + acceptable(run, run.id).key)
    with pytest.raises(NotFound):
        await store.verbs.retry(run.id, OFFICE)


async def test_the_history_keeps_the_last_fifty_verbs(store: Store) -> None:
    run = a_run("busy")
    await accept(store, run)
    for _ in range(30):
        await store.verbs.cancel(run.id, "leave", OFFICE)
        await store.verbs.retry(run.id, OFFICE)
    history = (await store.runs.read(run.id)).history
    assert len(history) == 50
    assert history[-1].verb == "retry"
    assert [one.at for one in history] == sorted(one.at for one in history)


async def places(redis: Redis, run: Run) -> list[str]:
    """Every set of its portal that *run* stands in."""
    sets = [f"fanfare:{name}:acme" for name in ("held", "line", "waiting", "flight")]
    return [name for name in sets if await redis.zscore(name, run.id) is not None]


@pytest.mark.parametrize("seed", range(12))
async def test_an_open_run_stands_in_exactly_one_place_whatever_is_done_to_it(
    store: Store, redis: Redis, seed: int
) -> None:
    """Any order of claims, saves, ends and verbs: no run is in two places, none in none, each lane has its head at work."""
    chance = random.Random(seed)  # noqa: S311 - a seed makes the order repeatable
    seconds, _ = await redis.time()
    runs = [
        a_run(
            f"{seed}-{n}",
            subject=chance.choice([None, "a", "b"]),
            notbefore=chance.choice([None, (seconds + 1) * 1000]),
        )
        for n in range(8)
    ]
    await accept(store, *runs)
    await store.portals.take(LEASE, 0)
    for _ in range(80):
        await _one_step(store, chance, chance.choice(runs))
        await _check(store, redis, runs)


async def _one_step(store: Store, chance: random.Random, run: Run) -> None:
    stored = await store.runs.read(run.id)
    match chance.randrange(6):
        case 0:
            await store.portals.claim(LEASE, 2, 1)
        case 1 if stored.place == "flight":
            state = chance.choice([Sent(1_000), WAITING, Done(Receipt("c-1")), Failed(Problem("no"))])
            place, span = chance.choice([("flight", 0), ("waiting", 1), ("line", 0)])
            await store.portals.save(LEASE, [Saved(stored.run, CREATE, state, place=place, span=span)])  # type: ignore[arg-type]
        case 2 if stored.place == "flight":
            ending = "cancelled" if stored.run.cancel else chance.choice(["done", "failed"])
            await store.portals.finish(LEASE, [Finished(stored.run, stored.version, ending)], DAY)  # type: ignore[arg-type]
        case 3 | 4 | 5:
            verb = chance.choice(["cancel", "undo", "retry"])
            try:
                await store.verbs.apply(verb, run.id, OFFICE)  # type: ignore[arg-type]
            except Conflict:
                return


async def _check(store: Store, redis: Redis, runs: list[Run]) -> None:
    found_lanes = [await redis.zrange(name, 0, -1) for name in await redis.keys("fanfare:lane:*")]
    lanes = [[row.decode().split()[-1] for row in cast("list[bytes]", rows)] for rows in found_lanes]
    heads = {lane[0] for lane in lanes}
    behind = {run for lane in lanes for run in lane[1:]}
    for run in runs:
        stored, found = await store.runs.read(run.id), await places(redis, run)
        if stored.place in {"lane", "ended"}:
            assert found == [], stored.place
        else:
            assert found == [f"fanfare:{stored.place}:acme"]
        assert (run.id in behind) == (stored.place == "lane")
        assert stored.place != "ended" or run.id not in heads
