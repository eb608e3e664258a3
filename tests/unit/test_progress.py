"""What a run does next."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import Problem
from campaigns.model import Run, Step
from campaigns.progress import Do, Finish, Reconcile, Wait, can_be_undone, next_move, repeatable, why_left
from campaigns.states import Done, Failed, Pending, Receipt, Sent, State, Waiting
from campaigns.wishes import AddItem, ArchiveCampaign, AttachAsset, CreateCampaign, DetachAssets
from tests.builders import a_run

NOW = 1_000_000
SETTLE = 5_000
PROBLEM = Problem("no")

states: st.SearchStrategy[State] = st.one_of(
    st.just(Pending()),
    st.builds(Sent, lasts=st.integers(1, 20_000)),
    st.builds(
        Waiting, span=st.integers(1, 20_000), tries=st.integers(1, 9), since=st.just(NOW), problem=st.just(PROBLEM)
    ),
    st.just(Done(Receipt("c-1"))),
    st.just(Failed(PROBLEM)),
)
ages = st.integers(0, 40_000)


def run_of(*steps: tuple[State, int], required: bool = True) -> Run:
    """A run whose first step creates the campaign and whose others attach or add."""
    wishes = [CreateCampaign({"hs_name": "x"})] + [
        AttachAsset("FORM", str(n)) if n % 2 else AddItem("budget", str(n), 1.0, n) for n in range(1, len(steps))
    ]
    run = a_run("k", *wishes)
    told = zip(run.steps, steps, strict=True)
    moved = tuple(Step(step.name, step.wish, required, state, NOW - age) for step, (state, age) in told)
    return Run(run.id, run.caller, run.portal, run.space, run.recipe, run.trigger, moved)


def test_a_run_begins_with_its_first_step() -> None:
    run = run_of((Pending(), 0), (Pending(), 0))
    assert next_move(run, NOW, SETTLE) == Do(run.steps[0])


def test_a_run_whose_steps_are_all_done_is_done() -> None:
    assert next_move(run_of((Done(Receipt("c-1")), 0)), NOW, SETTLE) == Finish("done")


def test_a_required_step_that_failed_fails_the_run_and_what_follows_is_not_begun() -> None:
    run = run_of((Done(Receipt("c-1")), 0), (Failed(PROBLEM), 0), (Pending(), 0))
    assert next_move(run, NOW, SETTLE) == Finish("failed")


def test_a_step_that_may_fail_leaves_the_run_partial() -> None:
    run = run_of((Done(Receipt("c-1")), 0), (Failed(PROBLEM), 0), required=False)
    assert next_move(run, NOW, SETTLE) == Finish("partial")


def test_a_waiting_step_is_repeated_when_its_time_has_come() -> None:
    waiting = Waiting(span=1_000, tries=1, since=NOW, problem=PROBLEM)
    early, due = run_of((waiting, 999)), run_of((waiting, 1_000))
    assert next_move(early, NOW, SETTLE) == Wait(NOW + 1)
    assert next_move(due, NOW, SETTLE) == Do(due.steps[0])


def test_a_create_in_doubt_is_looked_for_and_absence_counts_only_after_the_settle_window() -> None:
    early, late = run_of((Sent(lasts=1_000), 5_999)), run_of((Sent(lasts=1_000), 6_000))
    assert next_move(early, NOW, SETTLE) == Reconcile(early.steps[0], conclusive=False)
    assert next_move(late, NOW, SETTLE) == Reconcile(late.steps[0], conclusive=True)


def test_a_repeatable_change_in_doubt_is_repeated_but_not_before_the_first_has_settled() -> None:
    done = (Done(Receipt("c-1")), 0)
    early, late = run_of(done, (Sent(lasts=1_000), 5_999)), run_of(done, (Sent(lasts=1_000), 6_000))
    assert next_move(early, NOW, SETTLE) == Wait(NOW + 1)
    assert next_move(late, NOW, SETTLE) == Do(late.steps[1])


@given(st.lists(st.tuples(states, ages), min_size=1, max_size=5))
def test_nothing_is_begun_past_a_step_that_is_not_over(steps: list[tuple[State, int]]) -> None:
    run = run_of(*steps)
    move = next_move(run, NOW, SETTLE)
    if isinstance(move, Do | Reconcile):
        at = run.steps.index(move.step)
        assert all(isinstance(step.state, Done) for step in run.steps[:at])


@given(st.lists(st.tuples(states, ages), min_size=1, max_size=5))
def test_a_call_whose_answer_is_missing_is_never_blindly_repeated(steps: list[tuple[State, int]]) -> None:
    move = next_move(run_of(*steps), NOW, SETTLE)
    if isinstance(move, Do) and isinstance(move.step.state, Sent):
        assert repeatable(move.step.wish)


@given(st.lists(st.tuples(states, ages), min_size=1, max_size=5), st.integers(0, 100_000))
def test_a_run_never_waits_for_a_time_that_has_come(steps: list[tuple[State, int]], later: int) -> None:
    move = next_move(run_of(*steps), NOW + later, SETTLE)
    if isinstance(move, Wait):
        assert move.until > NOW + later


def test_what_was_archived_or_detached_is_not_brought_back() -> None:
    """Nobody knows any more how it was; the reason is told."""
    changed = Done(Receipt("c-1", changed=True))
    for wishes in ([ArchiveCampaign()], [CreateCampaign({"hs_name": "x"}), DetachAssets((("FORM", "1"),))]):
        run = a_run("k", *wishes).with_state("create_campaign", changed, NOW)
        run = run.with_state(run.steps[-1].name, changed, NOW)
        assert (why_left(run, run.steps[-1]) or "").startswith("left: what was archived or detached")
        assert not can_be_undone(run)
