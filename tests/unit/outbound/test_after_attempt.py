"""What becomes of a callback after an attempt: the whole table, and what may never happen."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.outbound.attempts import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PATIENCE,
    Again,
    Answered,
    Attempt,
    Delivered,
    Parked,
    Unanswered,
    after_attempt,
    pause,
    seconds_asked,
)

NOW = 1_767_225_600_000  # Thu, 01 Jan 2026 00:00:00 GMT
MINUTE = 60_000

attempts = st.one_of(
    st.builds(Answered, st.integers(100, 599), st.none() | st.floats(0, 1e9)),
    st.builds(Unanswered, st.text(max_size=20)),
)
tries = st.integers(0, 10_000)
chances = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_2xx_is_delivered(status: int) -> None:
    assert after_attempt(Answered(status), tries=7, age=2 * PATIENCE, chance=0) == Delivered()


@pytest.mark.parametrize("status", [100, 199, 300, 301, 304, 307, 400, 401, 404, 408, 429, 500, 503])
def test_anything_else_that_is_answered_is_tried_again(status: int) -> None:
    told = after_attempt(Answered(status), tries=0, age=0, chance=0.5)
    assert told == Again(750, f"the receiver answered {status}")


def test_a_post_without_an_answer_is_tried_again() -> None:
    assert after_attempt(Unanswered("no answer"), tries=0, age=0, chance=0.5) == Again(750, "no answer")


@pytest.mark.parametrize("wait", [None, 60.0])
def test_a_410_is_parked_at_once(wait: float | None) -> None:
    told = after_attempt(Answered(410, wait), tries=0, age=0, chance=0)
    assert told == Parked("the receiver answered 410")


def test_after_a_day_it_is_parked() -> None:
    assert isinstance(after_attempt(Answered(500), tries=150, age=PATIENCE - 1, chance=0), Again)
    assert after_attempt(Answered(500), tries=150, age=PATIENCE, chance=0) == Parked("the receiver answered 500")
    assert after_attempt(Unanswered("away"), tries=150, age=PATIENCE, chance=0) == Parked("away")


def test_what_the_receiver_asks_for_is_honoured_whole() -> None:
    """Also where it is longer than our own longest pause: ten minutes more is what it asked not to get."""
    told = after_attempt(Answered(503, 7_200.0), tries=0, age=0, chance=0)
    assert told == Again(7_200_000, "the receiver answered 503")
    assert after_attempt(Answered(503, 90_000.0), tries=0, age=0, chance=0) == Parked("the receiver answered 503")


def test_our_own_pause_is_kept_when_the_receiver_asks_for_less() -> None:
    assert after_attempt(Answered(429, 0.0), tries=20, age=0, chance=0) == Again(
        5 * MINUTE, "the receiver answered 429"
    )


def test_the_pauses_double_from_a_second_to_ten_minutes() -> None:
    longest = [round(pause(n, 1) / 1000) for n in range(1, 13)]
    assert longest == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]


@given(tries, chances)
def test_a_pause_is_jittered_in_its_upper_half(count: int, chance: float) -> None:
    assert FIRST_PAUSE / 2 <= pause(count + 1, 0) <= pause(count + 1, chance) <= LONGEST_PAUSE
    assert pause(count + 1, chance) <= pause(count + 2, chance)


@given(attempts, tries, st.integers(0, 3 * PATIENCE), chances)
def test_only_a_2xx_is_delivered_and_nothing_is_tried_for_more_than_two_days(
    attempt: Attempt, count: int, age: int, chance: float
) -> None:
    told = after_attempt(attempt, tries=count, age=age, chance=chance)
    assert isinstance(told, Delivered) == (isinstance(attempt, Answered) and 200 <= attempt.status <= 299)
    assert not isinstance(told, Again) or (0 < told.span <= PATIENCE and age < PATIENCE)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 2026 00:01:30 GMT", 90.0),
        ("Thursday, 01-Jan-26 00:01:30 GMT", 90.0),
        ("Thu Jan  1 00:01:30 2026", 90.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("", None),
        (None, None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 400, None),
        ("٣", None),
        ("Thu, 99 Jan 2026 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_asked(header, None, NOW) == seconds


def test_a_date_is_read_by_the_receivers_own_clock() -> None:
    """Its clock may be an hour off ours; what it means is half a minute."""
    told = seconds_asked("Thu, 01 Jan 2026 01:00:30 GMT", "Thu, 01 Jan 2026 01:00:00 GMT", NOW)
    assert told == 30.0


@given(st.none() | st.text(), st.none() | st.text())
def test_no_header_breaks_the_reading(header: str | None, date: str | None) -> None:
    told = seconds_asked(header, date, NOW)
    assert told is None or (told >= 0 and math.isfinite(told))
