"""When a portal is left alone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import (
    CampaignsError,
    InDoubt,
    Later,
    MissingScope,
    Problem,
    RateLimited,
    Refused,
    Revoked,
    Unauthorized,
)
from campaigns.parking import LONGEST_PAUSE, MOST_FAILURES, Condition, Reason, pause, probe_says, until_midnight

DOWN = Later("503")
SPENT = RateLimited("day", daily=True)
NOW = 1_795_000_000_000
MINUTE = 60_000


def reason(*errors: CampaignsError | None) -> Reason | None:
    """Why the portal is parked after calls that ended so."""
    condition, why = Condition(), None
    for error in errors:
        condition = condition.after(error)
        why = condition.reason(error)
    return why


def test_four_failures_in_a_row_may_be_chance_and_five_are_an_outage() -> None:
    assert reason(*[DOWN] * (MOST_FAILURES - 1)) is None
    assert reason(*[DOWN] * MOST_FAILURES) == "down"
    assert reason(*[InDoubt("cut")] * MOST_FAILURES) == "down"


@pytest.mark.parametrize("answer", [None, Refused("no such asset")])
def test_any_answer_that_is_one_ends_the_row(answer: CampaignsError | None) -> None:
    assert reason(*[DOWN] * 4, answer, *[DOWN] * 4) is None


def test_a_full_window_is_no_trouble_of_the_portal() -> None:
    assert reason(*[RateLimited("burst")] * 20) is None


def test_a_spent_day_parks_at_once() -> None:
    assert reason(RateLimited("day", daily=True)) == "day"


def test_a_token_is_believed_dead_when_the_fresh_one_is_rejected_too() -> None:
    assert reason(Unauthorized("401")) is None
    assert reason(Unauthorized("401"), Unauthorized("401")) == "token"
    assert reason(Revoked("refused")) == "token"


def test_an_account_that_moves_is_left_alone() -> None:
    assert reason(Later(problem=Problem("moving", status=477))) == "moving"


def test_the_pause_doubles_up_to_ten_minutes() -> None:
    pauses = [60_000]
    for _ in range(5):
        pauses.append(pause("down", DOWN, pauses[-1], first=60_000, now=NOW, zone="UTC"))
    assert pauses == [60_000, 120_000, 240_000, 480_000, LONGEST_PAUSE, LONGEST_PAUSE]


def test_what_hubspot_asks_for_is_kept_whole() -> None:
    asked = Later("moving", after=86_400)
    assert pause("moving", asked, 0, first=60_000, now=NOW, zone="UTC") == 86_400_000


def test_nobody_is_believed_who_asks_for_more_than_a_day() -> None:
    asked = Later("moving", after=31_536_000)
    assert pause("moving", asked, 0, first=60_000, now=NOW, zone="UTC") == 86_400_000


@pytest.mark.parametrize("answer", [None, Refused("no such asset"), MissingScope("403")])
def test_a_portal_that_answers_its_probe_is_well_whatever_it_says(answer: CampaignsError | None) -> None:
    assert probe_says(answer) == "well"


def test_a_probe_that_meets_a_full_window_has_told_nothing() -> None:
    assert probe_says(RateLimited("burst")) == "nothing"


@pytest.mark.parametrize("answer", [DOWN, InDoubt("cut"), SPENT, Unauthorized("401"), Revoked("refused")])
def test_a_portal_in_trouble_stays_parked(answer: CampaignsError) -> None:
    assert probe_says(answer) == "ill"


def a_pause_for_the_day(before_midnight: int, before: int = 0, *, zone: str = "Europe/Berlin") -> int:
    """The pause when the day is found to be spent so long before it ends in *zone*."""
    midnight = NOW + until_midnight(NOW, zone)
    return pause("day", SPENT, before, first=MINUTE, now=midnight - before_midnight, zone=zone)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Sao_Paulo"])
def test_a_spent_day_is_over_at_midnight_of_the_account(zone: str) -> None:
    assert a_pause_for_the_day(90_000, 8 * MINUTE, zone=zone) == 90_000


def test_a_spent_day_is_asked_for_before_its_end_too() -> None:
    """The budget may have been raised, and the zone in the settings may be wrong."""
    assert a_pause_for_the_day(8 * 60 * MINUTE) == MINUTE
    assert a_pause_for_the_day(7 * 60 * MINUTE, 8 * MINUTE) == LONGEST_PAUSE


def test_a_day_that_ends_later_at_hubspot_than_here_costs_minutes_and_not_another_day() -> None:
    assert a_pause_for_the_day(0, before=500) == MINUTE


@given(st.integers(NOW, NOW + 400 * 86_400_000), st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo"]))
def test_a_spent_day_ends_at_the_next_midnight_of_the_account(now: int, zone: str) -> None:
    span = until_midnight(now, zone)
    then = datetime.fromtimestamp((now + span) / 1000, ZoneInfo(zone))
    assert 0 < span <= 25 * 3_600_000
    assert (then.hour, then.minute, then.second) in {(0, 0, 0), (1, 0, 0)}
