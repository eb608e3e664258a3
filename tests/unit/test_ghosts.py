"""What is done about an attempt that appears after it was declared absent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import ghosts
from campaigns.ghosts import Ghost, Leave, Remove, Seen, Show, Wait
from campaigns.keys import Marker
from campaigns.model import Ending, Stored
from campaigns.states import Done, Pending, Receipt, State
from campaigns.wishes import AddItem, CreateCampaign
from tests.builders import a_run

RUN = a_run("k", CreateCampaign({"hs_name": "x"}), AddItem("budget", "Ads", 1.0, 0))
GHOST = Ghost("campaign", "-", 0, Marker(RUN.id, 1_000))
LOOKS = (60, 600)


def stored(state: State, ending: Ending | None = None) -> Stored:
    run = RUN.with_state("create_campaign", state, 2_000)
    return Stored(run, "ended" if ending else "flight", 1, 500, ending=ending)


def test_what_the_receipt_names_is_left_whichever_is_older() -> None:
    assert ghosts.verdict(GHOST, Seen("c-1", touched=False), stored(Done(Receipt("c-1")))) == Leave()


def test_what_stands_beside_the_receipt_and_is_nobodys_goes() -> None:
    assert ghosts.verdict(GHOST, Seen("c-2", touched=False), stored(Done(Receipt("c-1")))) == Remove("c-2")


def test_what_somebody_uses_is_shown() -> None:
    assert isinstance(ghosts.verdict(GHOST, Seen("c-2", touched=True), stored(Done(Receipt("c-1")))), Show)


def test_while_the_run_may_still_adopt_it_nothing_is_decided() -> None:
    assert ghosts.verdict(GHOST, Seen("c-2", touched=False), stored(Pending())) == Wait()


@pytest.mark.parametrize("run", [stored(Pending(), "failed"), None])
def test_without_a_receipt_it_is_only_shown(run: Stored | None) -> None:
    assert isinstance(ghosts.verdict(GHOST, Seen("c-2", touched=False), run), Show)


def test_only_what_may_not_be_repeated_leaves_a_ghost() -> None:
    run = a_run("k")
    assert ghosts.of_step(run, run.steps[0].name, GHOST.marker) == GHOST
    assert ghosts.of_step(run, run.steps[1].name, GHOST.marker) is None


@given(st.integers(0, 2**50), st.integers(0, 9), st.sampled_from(["campaign", "budget", "spend"]))
def test_a_ghost_is_read_as_it_was_written(attempt: int, step: int, kind: ghosts.Kind) -> None:
    ghost = Ghost(kind, "c-1", step, Marker(RUN.id, attempt))
    assert ghosts.read(str(ghost)) == ghost


@given(
    st.one_of(
        st.text(max_size=80), st.from_regex(r"(budget|spend) \S+ \S+ \[fanfare:[0-9a-f]{32}\.1\.-\]", fullmatch=True)
    )
)
def test_whatever_stands_in_redis_is_a_ghost_or_nothing(text: str) -> None:
    ghosts.read(text)


def test_a_ghost_is_looked_for_at_each_span_after_its_attempt_and_then_no_more() -> None:
    looks = [ghosts.next_look(1_000, now, LOOKS) for now in (1_000, 1_060, 1_599, 1_600)]
    assert looks == [1_060, 1_600, 1_600, None]
