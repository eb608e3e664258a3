"""One verb on many runs: counted first, listed once, and applied once to each, whatever is killed on the way."""

import pytest
from redis.asyncio import Redis

from campaigns.errors import Conflict, KeyReused, NotFound, Problem
from campaigns.model import Run
from campaigns.queue import Queue
from campaigns.states import Done, Failed, Receipt
from campaigns.store import Store
from campaigns.store.bulks import Selection
from campaigns.store.portals import Finished, Lease
from campaigns.store.verbs import Command
from campaigns.sweep import work_off
from tests.builders import a_run, acceptable

LEASE = Lease("acme", "process-1", "token-1")
DAY = 86_400_000
OFFICE = Command("office", once="key k-1", mark="all")
ALL = Selection(callers=("shop", "events"), portals=frozenset({"acme"}))


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


async def accept(store: Store, *runs: Run) -> None:
    for run in runs:
        await store.acceptance.accept(acceptable(run, run.id))


async def many(store: Store, count: int) -> list[Run]:
    runs = [a_run(str(number)) for number in range(count)]
    await accept(store, *runs)
    return runs


async def end_all(store: Store) -> None:
    """End everything that can be claimed: its campaign made, its asset failed."""
    await store.portals.take(LEASE, 0)
    while claimed := (await store.portals.claim(LEASE, 100, 0)).runs:
        ends = [
            Finished(
                one.run.with_state("create_campaign", Done(Receipt("c-1")), 5).with_state(
                    "attach_asset MARKETING_EMAIL 1", Failed(Problem("no")), 5
                ),
                one.version,
                "failed",
            )
            for one in claimed
        ]
        await store.portals.finish(LEASE, ends, DAY)


async def begin(store: Store, verb: str, bulk: str = "b-1") -> str:
    runs = await store.bulks.listed(ALL, verb)  # type: ignore[arg-type]
    return await store.bulks.begin(bulk, verb, runs, OFFICE)  # type: ignore[arg-type]


async def endings(store: Store, runs: list[Run]) -> list[str | None]:
    return [(await store.runs.read(run.id)).ending for run in runs]


async def test_a_verb_is_applied_to_all_that_were_listed_in_rounds(store: Store, redis: Redis) -> None:
    runs = await many(store, 25)
    bulk = await begin(store, "cancel")
    assert (await store.bulks.read(bulk)).left == 25
    assert [await work_off(store, Queue(redis)) for _ in range(2)] == [25, 0]
    assert await endings(store, runs) == ["cancelled"] * 25
    told = await store.bulks.read(bulk)
    assert (told.verb, told.by, told.count, told.left) == ("cancel", "office", 25, 0)


async def test_only_what_the_verb_would_change_is_listed(store: Store, redis: Redis) -> None:
    done, held = a_run("done"), a_run("held", notbefore=2**42)
    foreign, other = a_run("foreign", caller="crm"), a_run("other", portal="other")
    await accept(store, done, held, foreign, other)
    await end_all(store)
    assert await store.bulks.listed(ALL, "cancel") == (held.id,)
    assert set(await store.bulks.listed(ALL, "undo")) == {done.id, held.id}
    assert await store.bulks.listed(ALL, "retry") == (done.id,)
    await begin(store, "undo")
    await work_off(store, Queue(redis))
    assert await store.bulks.listed(ALL, "undo") == ()


@pytest.mark.parametrize(
    ("recipe", "status", "count"),
    [(None, None, 3), ("campaign.requested", "waiting", 3), ("other", None, 0), (None, "held", 0)],
)
async def test_a_selection_is_by_recipe_and_status(store: Store, recipe: str | None, status: str, count: int) -> None:
    await many(store, 3)
    selection = Selection(ALL.callers, ALL.portals, recipe, status)  # type: ignore[arg-type]
    assert len(await store.bulks.listed(selection, "cancel")) == count


async def test_a_selection_is_by_the_time_of_acceptance(store: Store, redis: Redis) -> None:
    """More runs than one round trip reads, each second accepted one second after the one before."""
    runs = await many(store, 450)
    for number, run in enumerate(runs):
        await redis.hset(f"fanfare:run:{run.id}", "accepted", str(1_000 * (1 + number)))
    for since, until in ((None, None), (100_000, 400_000), (100_000, None), (None, 1_000), (999_000, None)):
        selection = Selection(ALL.callers, ALL.portals, since=since, until=until)
        wanted = [
            run.id
            for number, run in enumerate(runs)
            if (since or 0) <= 1_000 * (1 + number) < (until if until is not None else 2**60)
        ]
        assert list(await store.bulks.listed(selection, "cancel")) == wanted


async def test_a_process_that_dies_in_a_round_leaves_the_rest_to_the_next_and_nothing_is_done_twice(
    store: Store, redis: Redis
) -> None:
    """A retry that was applied before the kill must not be a second one if the run has failed again meanwhile."""
    runs = await many(store, 10)
    await end_all(store)
    bulk = await begin(store, "retry")
    taken = await store.bulks._scripts.run("take_bulk", 200, 10_000)
    for run in taken[2:6]:  # and there it dies
        await store.verbs.apply("retry", run.decode(), Command("office", f"bulk {bulk}", run.decode()))
    await end_all(store)
    assert await store.bulks.work_off() is None
    await redis.zadd("fanfare:bulks", {bulk: 0})
    worked = await store.bulks.work_off()
    assert worked is not None
    assert worked.runs == 6
    histories = [(await store.runs.read(run.id)).history for run in runs]
    assert [[one.verb for one in history] for history in histories] == [["retry"]] * 10


async def test_a_bulk_that_was_not_laid_down_to_its_end_does_nothing_and_is_forgotten(
    store: Store, redis: Redis
) -> None:
    (run,) = await many(store, 1)
    await store.bulks._scripts.run("begin_bulk", "b-1", "", "", "", 0, run.id)
    assert await store.bulks.work_off() is None
    assert 0 < await redis.pttl("fanfare:bulk:b-1") <= 600_000
    with pytest.raises(NotFound):
        await store.bulks.read("b-1")


async def test_the_same_command_begins_one_bulk(store: Store, redis: Redis) -> None:
    await many(store, 3)
    first = await begin(store, "cancel", "b-1")
    assert await begin(store, "cancel", "b-2") == first == "b-1"
    assert await store.bulks.known(OFFICE) == "b-1"
    assert await redis.exists("fanfare:bulk:b-2") == 0
    with pytest.raises(KeyReused):
        await store.bulks.known(Command("office", OFFICE.once, "other"))


async def test_a_run_that_changed_after_it_was_listed_is_passed_over(store: Store, redis: Redis) -> None:
    runs = await many(store, 3)
    bulk = await begin(store, "cancel")
    await end_all(store)
    with pytest.raises(Conflict):
        await store.verbs.cancel(runs[0].id, "leave", Command("office"))
    await work_off(store, Queue(redis))
    assert (await store.bulks.read(bulk)).left == 0
    assert await endings(store, runs) == ["failed"] * 3


async def test_a_bulk_that_is_begun_again_keeps_its_runs(store: Store) -> None:
    """Its first answer was lost."""
    await many(store, 3)
    assert await begin(store, "cancel") == await begin(store, "cancel")
    assert (await store.bulks.read("b-1")).left == 3


async def test_more_runs_than_one_call_lays_down(store: Store) -> None:
    ids = [f"run-{number}" for number in range(2_500)]
    bulk = await store.bulks.begin("b-1", "cancel", ids, OFFICE)
    assert (await store.bulks.read(bulk)).left == 2_500


async def test_nothing_is_left_of_a_bulk_that_was_worked_off_but_what_is_told_of_it(store: Store, redis: Redis) -> None:
    await many(store, 3)
    await begin(store, "cancel")
    await work_off(store, Queue(redis))
    found = await redis.keys("fanfare:bulk*")
    assert found == []
    assert 0 < await redis.pttl("fanfare:verb:b-1") <= DAY
