"""The store's scripts on a real Valkey: where a run stands, and who may move it."""

import pytest
from redis.asyncio import Redis

from campaigns.model import Run, Subject
from campaigns.quota import Limit
from campaigns.states import Done, Receipt, Sent
from campaigns.store import Store
from campaigns.store.portals import Call, Finished, Full, Granted, Lease, LeaseLost, Saved
from campaigns.store.scripts import ScriptFault
from tests.builders import a_run, acceptable

LEASE = Lease("acme", "process-1", "token-1")
OTHER = Lease("acme", "process-2", "token-2")
LIMIT = Limit(per_window=3, per_day=None)
DAY = 86_400_000


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


async def accept(store: Store, run: Run, key: str) -> None:
    await store.acceptance.accept(acceptable(run, key))


async def claim(store: Store, most: int = 10) -> list[str]:
    return [stored.run.id for stored in (await store.portals.claim(LEASE, most, 0)).runs]


async def finish(store: Store, run: Run) -> None:
    version = (await store.runs.read(run.id)).version
    await store.portals.finish(LEASE, [Finished(run, version, "done")], DAY)


async def test_an_accepted_run_stands_in_its_portals_line_and_the_portal_is_called_once(store: Store) -> None:
    first = await store.acceptance.accept(acceptable(a_run("a"), "a"))
    second = await store.acceptance.accept(acceptable(a_run("b"), "b"))
    assert (first.outcome, first.calls) == ("accepted", ("acme",))
    assert second.calls == ()
    assert (await store.runs.read(first.run)).place == "line"


async def test_the_same_key_is_the_same_run_and_another_body_under_it_is_told_apart(store: Store) -> None:
    first = await store.acceptance.accept(acceptable(a_run("a"), "a"))
    again = await store.acceptance.accept(acceptable(a_run("a"), "a"))
    other = await store.acceptance.accept(acceptable(a_run("a"), "a", fingerprint="other"))
    assert (again.outcome, again.run, again.status) == ("replayed", first.run, first.status)
    assert (other.outcome, other.run) == ("reused", first.run)


async def test_one_process_at_a_time_serves_a_portal(store: Store) -> None:
    assert await store.portals.take(LEASE, 0) is not None
    assert await store.portals.take(OTHER, 0) is None
    with pytest.raises(LeaseLost):
        await store.portals.claim(OTHER, 1, 0)
    assert await store.portals.renew([LEASE, OTHER]) == {"acme": "lost"}
    assert await store.portals.renew([LEASE]) == {"acme": "renewed"}


async def test_the_line_goes_by_priority_then_turn_about_between_callers_then_age(store: Store) -> None:
    for number in range(3):
        await accept(store, a_run(f"shop-{number}"), f"shop-{number}")
    await accept(store, a_run("events-0", caller="events"), "events-0")
    await accept(store, a_run("bulk", priority="bulk"), "bulk")
    await accept(store, a_run("urgent", priority="high"), "urgent")
    await store.portals.take(LEASE, 0)
    names = {a_run(f"shop-{n}").id: f"shop-{n}" for n in range(3)}
    names |= {a_run("events-0", caller="events").id: "events-0", a_run("bulk").id: "bulk", a_run("urgent").id: "urgent"}
    order = [names[run] for run in await claim(store)]
    assert order[0] == "urgent"
    assert set(order[1:3]) == {"shop-0", "events-0"}
    assert order[3:] == ["shop-1", "shop-2", "bulk"]


async def test_runs_of_one_subject_go_one_after_the_other_in_their_order(store: Store) -> None:
    for key, sequence in (("head", 5), ("late", 9), ("early", 7)):
        await accept(store, a_run(key, subject="sku-1", sequence=sequence), key)
    await store.portals.take(LEASE, 0)
    order = []
    for _ in range(3):
        (run_id,) = await claim(store)
        order.append(run_id)
        await finish(store, (await store.runs.read(run_id)).run)
    assert order == [a_run(key).id for key in ("head", "early", "late")]


async def test_an_urgent_run_lends_its_priority_to_the_head_of_its_lane(store: Store) -> None:
    await accept(store, a_run("other"), "other")
    await accept(store, a_run("head", subject="sku-1", priority="bulk"), "head")
    await accept(store, a_run("urgent", subject="sku-1", priority="high"), "urgent")
    await store.portals.take(LEASE, 0)
    assert await claim(store) == [a_run("head").id, a_run("other").id]


async def test_a_run_in_hand_hears_of_an_urgent_one_behind_it_when_it_is_saved(store: Store) -> None:
    head, other = a_run("head", subject="sku-1", priority="bulk"), a_run("other")
    await accept(store, head, "head")
    await accept(store, other, "other")
    await store.portals.take(LEASE, 0)
    claimed = await store.portals.claim(LEASE, 10, 0)
    assert [stored.priority for stored in claimed.runs] == ["normal", "bulk"]
    await accept(store, a_run("urgent", subject="sku-1", priority="high"), "urgent")
    _, priorities, _ = await store.portals.save(LEASE, [Saved(head), Saved(other)])
    assert priorities == ("high", "normal")


async def test_a_held_run_enters_the_line_when_its_time_has_come(store: Store, redis: Redis) -> None:
    seconds, _ = await redis.time()
    later = await store.acceptance.accept(acceptable(a_run("later", notbefore=(seconds + 60) * 1000), "later"))
    await accept(store, a_run("past", notbefore=(seconds - 60) * 1000), "past")
    await store.portals.take(LEASE, 0)
    claimed = await store.portals.claim(LEASE, 10, 0)
    assert (later.status, (await store.runs.read(later.run)).status) == ("held", "held")
    assert [stored.run.id for stored in claimed.runs] == [a_run("past").id]
    assert claimed.next_work == (seconds + 60) * 1000


async def test_a_call_leaves_only_with_a_place_and_with_its_step_saved_as_sent(store: Store) -> None:
    run = a_run("a")
    await accept(store, run, "a")
    await store.portals.take(LEASE, 0)
    await claim(store)
    granted = await store.portals.send(LEASE, Call("p-1", 10_000, ((run, "create_campaign", Sent(10_000)),)), LIMIT)
    assert isinstance(granted, Granted)
    step = (await store.runs.read(run.id)).run.step("create_campaign")
    assert (step.state, step.at) == (Sent(10_000), granted.at)
    for place in ("p-2", "p-3"):
        assert isinstance(await store.portals.send(LEASE, Call(place, 10_000), LIMIT), Granted)
    full = await store.portals.send(LEASE, Call("p-4", 10_000), LIMIT)
    assert isinstance(full, Full)
    assert 19_000 < full.wait <= 20_000


async def test_an_answer_frees_its_place_one_window_later(store: Store) -> None:
    await store.portals.take(LEASE, 0)
    one = Limit(per_window=1, per_day=None)
    await store.portals.send(LEASE, Call("p-1", 10_000), one)
    await store.portals.answered("acme", ["p-1"])
    full = await store.portals.send(LEASE, Call("p-2", 10_000), one)
    assert isinstance(full, Full)
    assert full.wait <= 10_000


async def test_a_run_whose_call_is_unanswered_waits_for_the_settle_window_when_its_holder_dies(
    store: Store, redis: Redis
) -> None:
    sent, unsent = a_run("sent"), a_run("unsent")
    for run, key in ((sent, "sent"), (unsent, "unsent")):
        await accept(store, run, key)
    await store.portals.take(LEASE, 0)
    await claim(store)
    granted = await store.portals.send(LEASE, Call("p", 10_000, ((sent, "create_campaign", Sent(10_000)),)), LIMIT)
    assert isinstance(granted, Granted)
    await redis.delete("fanfare:lease:acme")
    await store.portals.take(OTHER, 5_000)
    claimed = await store.portals.claim(OTHER, 10, 0)
    assert [stored.run.id for stored in claimed.runs] == [unsent.id]
    waiting = await store.runs.read(sent.id)
    assert (waiting.place, waiting.until) == ("waiting", granted.at + 15_000)


async def test_who_lost_the_lease_saves_nothing(store: Store, redis: Redis) -> None:
    run = a_run("a")
    await accept(store, run, "a")
    await store.portals.take(LEASE, 0)
    await claim(store)
    await redis.delete("fanfare:lease:acme")
    await store.portals.take(OTHER, 0)
    with pytest.raises(LeaseLost):
        await store.portals.save(LEASE, [Saved(run, "create_campaign", Done(Receipt("c-1")))])
    with pytest.raises(LeaseLost):
        await store.portals.send(LEASE, Call("p", 10_000, ((run, "create_campaign", Sent(10_000)),)), LIMIT)
    with pytest.raises(LeaseLost):
        await finish_as(store, LEASE, run)


async def finish_as(store: Store, lease: Lease, run: Run) -> None:
    await store.portals.finish(lease, [Finished(run, 1, "done")], DAY)


async def test_an_ended_run_is_folded_and_its_callback_is_due(store: Store) -> None:
    run = a_run("a", callbackurl="http://127.0.0.1/cb")
    await accept(store, run, "a")
    await store.portals.take(LEASE, 0)
    await claim(store)
    now, *_ = await store.portals.save(LEASE, [Saved(run, "create_campaign", Done(Receipt("c-1")))])
    run = run.with_state("create_campaign", Done(Receipt("c-1")), now)
    call, flags, _ = await store.portals.finish(LEASE, [Finished(run, 1, "done")], DAY)
    assert (call, flags) == (True, (True,))
    stored = await store.runs.read(run.id)
    assert (stored.status, stored.run.campaign, stored.run) == ("done", "c-1", run)
    (due,) = (await store.callbacks.claim(10)).due
    assert (due.id, due.sequence) == (run.id, 1)


async def test_a_step_that_is_done_as_its_run_ends_bears_the_time_of_the_end_and_tells_the_subject(
    store: Store,
) -> None:
    first, second = (a_run(name, subject="product-1") for name in ("a", "b"))
    await accept(store, first, "a")
    await accept(store, second, "b")
    await store.portals.take(LEASE, 0)
    await claim(store)
    done = first.with_state("create_campaign", Done(Receipt("c-1")), 0)
    known = Subject(campaign="c-1", values={"hs_name": "A"})
    await store.portals.finish(LEASE, [Finished(done, 1, "done", subject=known)], DAY)
    stored = await store.runs.read(first.id)
    assert stored.ended
    assert stored.run.step("create_campaign").at == stored.ended
    (next_,) = (await store.portals.claim(LEASE, 10, 0)).runs
    assert (next_.run.id, next_.subject) == (second.id, known)


async def test_a_run_that_somebody_changed_meanwhile_does_not_end(store: Store) -> None:
    run = a_run("a")
    await accept(store, run, "a")
    await store.portals.take(LEASE, 0)
    await claim(store)
    _, flags, _ = await store.portals.finish(LEASE, [Finished(run, 7, "done")], DAY)
    assert flags == (False,)
    assert (await store.runs.read(run.id)).place == "flight"


async def test_who_ends_a_run_hears_whether_there_is_work_in_the_line(store: Store) -> None:
    first, second = (a_run(key, subject="product-1") for key in ("a", "b"))
    await accept(store, first, "a")
    await accept(store, second, "b")
    await store.portals.take(LEASE, 0)
    await claim(store)
    *_, work = await store.portals.finish(LEASE, [Finished(first, 1, "done")], DAY)
    assert work == (await store.runs.read(first.id)).ended
    assert await claim(store) == [second.id]
    *_, work = await store.portals.finish(LEASE, [Finished(second, 1, "done")], DAY)
    assert work is None


async def test_a_lease_is_not_given_back_while_there_is_work(store: Store) -> None:
    await store.portals.take(LEASE, 0)
    await accept(store, a_run("a"), "a")
    assert await store.portals.release(LEASE, 0, anyway=False) == "work"
    assert await store.portals.release(LEASE, 0, anyway=True) == "call"


async def test_the_sweep_finds_a_portal_that_was_called_and_never_served(store: Store, redis: Redis) -> None:
    await accept(store, a_run("a"), "a")
    assert (await store.sweeping.find()).portals == ()
    seconds, _ = await redis.time()
    await redis.zadd("fanfare:due", {"acme": (seconds - 1) * 1000})
    assert (await store.sweeping.find()).portals == ("acme",)
    assert (await store.sweeping.find()).portals == ()


async def test_nothing_is_left_of_runs_that_ended_and_were_trimmed_but_permanent_keys(
    store: Store, redis: Redis
) -> None:
    for key in ("a", "b"):
        await accept(store, a_run(key, subject="sku"), key)
    await store.portals.take(LEASE, 0)
    for _ in range(2):
        (run_id,) = await claim(store)
        run = (await store.runs.read(run_id)).run
        await store.portals.finish(LEASE, [Finished(run, (await store.runs.read(run_id)).version, "done")], -1)
    await store.portals.release(LEASE, 0, anyway=False)
    assert await store.sweeping.trim() == 2
    assert await redis.keys("*") == [b"fanfare:accepts"]


async def test_a_script_that_is_wrong_is_a_fault_and_no_absence_of_redis(store: Store, redis: Redis) -> None:
    """An absence is ridden out; a fault would be ridden out for ever."""
    await redis.set("fanfare:due", "no sorted set")
    with pytest.raises(ScriptFault, match="WRONGTYPE"):
        await store.sweeping.find()


async def test_a_callers_runs_are_read_in_pages_newest_first(store: Store) -> None:
    for number in range(5):
        await accept(store, a_run(f"k-{number}"), f"k-{number}")
    await accept(store, a_run("foreign", caller="events"), "foreign")
    first = await store.runs.page(["shop"], lambda _: True, after=None, limit=3)
    rest = await store.runs.page(["shop"], lambda _: True, after=first.after, limit=3)
    assert [stored.run.id for stored in first.runs + rest.runs] == [a_run(f"k-{n}").id for n in (4, 3, 2, 1, 0)]
    assert rest.after is None
