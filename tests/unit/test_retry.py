"""What becomes of a step whose call failed."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import Later, Problem, Refused
from campaigns.retry import FIRST_PAUSE, LONGEST_PAUSE, PATIENCE, after_absence, after_failure, pause
from campaigns.states import Failed, Sent, Waiting

SENT = Sent(lasts=10_000, tries=2, since=1_000)


def test_a_refusal_is_final() -> None:
    assert isinstance(after_failure(Refused("no"), SENT, 2_000, now=3_000, chance=0.5), Failed)


def test_what_may_come_later_waits_and_counts() -> None:
    state = after_failure(Later("busy"), SENT, 2_000, now=3_000, chance=0.5)
    assert isinstance(state, Waiting)
    assert (state.tries, state.since) == (3, 1_000)


def test_the_first_failure_begins_the_patience() -> None:
    state = after_failure(Later("busy"), Sent(lasts=10_000), 2_000, now=3_000, chance=0.5)
    assert isinstance(state, Waiting)
    assert state.since == 2_000


def test_hubspots_own_pause_is_kept_whole() -> None:
    state = after_failure(Later("busy", after=86_400), SENT, 2_000, now=3_000, chance=0.0)
    assert isinstance(state, Waiting)
    assert state.span == 86_400_000


def test_a_step_gives_up_when_its_patience_has_run_out() -> None:
    assert isinstance(after_failure(Later("busy"), SENT, 2_000, now=1_000 + PATIENCE, chance=0.5), Failed)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_never_short_nor_endless(tries: int, chance: float) -> None:
    assert FIRST_PAUSE // 2 <= pause(tries, chance) <= LONGEST_PAUSE


def test_a_step_of_which_hubspot_has_nothing_is_sent_again_and_remembers_since_when_it_fails() -> None:
    state = after_absence(SENT, 2_000, now=3_000, chance=0.5)
    assert isinstance(state, Waiting)
    assert (state.tries, state.since) == (3, 1_000)


def test_a_second_conflict_with_nothing_to_show_for_it_is_a_refusal() -> None:
    """A name that is taken would otherwise be asked for all day."""
    conflict = Problem("taken", status=409)
    first = after_absence(Sent(lasts=10_000, problem=conflict), 2_000, now=3_000, chance=0.5)
    second = after_absence(Sent(lasts=10_000, tries=1, since=1, problem=conflict), 2_000, now=3_000, chance=0.5)
    assert isinstance(first, Waiting)
    assert second == Failed(conflict)
