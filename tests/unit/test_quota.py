"""How calls are spaced: evenly, whatever they take, and as many as the limit allows."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from campaigns.quota import AT_ONCE, BELIEVED, WINDOW, Allowance, Limit, Pace

LIMIT: Final = Limit(per_window=190, per_day=None)


def leaving(pace: Pace, calls: int, *, begin: int = 0, limit: Limit = LIMIT) -> list[int]:
    """When so many calls leave that are not urgent."""
    now, times = begin, []
    for _ in range(calls):
        now += pace.wait(limit, now)
        pace.left(limit, now)
        times.append(now)
    return times


def test_after_a_pause_the_calls_of_one_run_leave_at_once_and_then_one_at_a_time() -> None:
    times = leaving(Pace(), 200)
    assert times[:AT_ONCE] == [0] * AT_ONCE
    spans = [after - before for before, after in zip(times[AT_ONCE - 1 :], times[AT_ONCE:], strict=False)]
    assert set(spans) <= {52, 53}


@given(st.integers(1, 500), st.integers(0, 100))
def test_calls_are_as_many_as_the_limit_allows(per_window: int, begin: int) -> None:
    times = leaving(Pace(), 3 * per_window + AT_ONCE, begin=begin, limit=Limit(per_window, None))
    assert 3 * WINDOW <= times[-1] - times[0] <= 3 * WINDOW + 1


def test_calls_that_take_long_are_further_apart_as_their_places_are_taken_for_longer() -> None:
    pace = Pace()
    for _ in range(200):
        pace.took(2_000)
    times = leaving(pace, 190 + AT_ONCE)
    assert times[-1] - times[0] in range(11_990, 12_010)


def test_the_others_make_up_for_urgent_calls() -> None:
    pace = Pace()
    for _ in range(100):  # nobody asks for them whether they have to wait
        pace.left(LIMIT, 0)
    assert pace.wait(LIMIT, 0) in range(5_000, 5_264)


def test_a_pause_saves_nothing_up() -> None:
    pace = Pace()
    leaving(pace, 10)
    times = leaving(pace, 2 * AT_ONCE, begin=60_000)
    assert times.count(60_000) == AT_ONCE


def test_the_rest_of_the_day_is_kept_for_priority_high_until_hubspot_says_otherwise() -> None:
    allowance = Allowance(LIMIT)
    assert allowance.reserved(0) == 0
    allowance.heard_of_day(per_day=1_000, left=21, now=5)
    assert allowance.reserved(5) == 0
    allowance.heard_of_day(per_day=1_000, left=20, now=5)
    assert allowance.reserved(5) == BELIEVED
    allowance.heard_of_day(per_day=None, left=None, now=6)  # an answer that says nothing of the day
    assert allowance.reserved(6) == BELIEVED - 1
    assert allowance.reserved(5 + BELIEVED) == 0, "the day may be over: a call finds out"
    allowance.heard_of_day(per_day=1_000, left=0, now=7)
    assert allowance.reserved(7) == 0, "there is nothing to keep: parking is for that"
