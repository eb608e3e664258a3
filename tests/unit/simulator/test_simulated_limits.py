from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.limits import TIERS, Ceiling, Ceilings, Limits

UTC_ZONE = ZoneInfo("UTC")
NOON = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp() * 1000)


def passes(limits: Limits, now: int, ceiling: Ceiling, app: str = "a", *, refused_count: bool = False) -> bool:
    return limits.take(app, now, ceiling, refused_count=refused_count).exceeded is None


@given(
    ceiling=st.integers(min_value=0, max_value=5),
    gaps=st.lists(st.integers(min_value=0, max_value=6000), max_size=40),
)
def test_no_window_of_ten_seconds_holds_more_than_the_limit_and_none_is_refused_without_need(
    ceiling: int, gaps: list[int]
) -> None:
    limits, passed, now = Limits(UTC_ZONE), list[int](), NOON
    for gap in gaps:
        now += gap
        free = sum(now - other < 10_000 for other in passed) < ceiling
        assert passes(limits, now, Ceiling(ceiling, 1000)) == free
        passed += [now] * free


def test_a_place_is_free_again_to_the_millisecond() -> None:
    limits, one = Limits(UTC_ZONE), Ceiling(1, 1000)
    assert passes(limits, NOON, one)
    assert not passes(limits, NOON + 9_999, one)
    assert passes(limits, NOON + 10_000, one)


def test_a_refused_request_takes_no_place_unless_told_so() -> None:
    calm, strict, one = Limits(UTC_ZONE), Limits(UTC_ZONE), Ceiling(1, 1000)
    for now in (NOON, NOON + 5_000):
        passes(calm, now, one)
        passes(strict, now, one, refused_count=True)
    assert passes(calm, NOON + 10_000, one)
    assert not passes(strict, NOON + 10_000, one, refused_count=True)


def test_each_app_has_a_window_of_its_own_and_all_share_the_day() -> None:
    limits, ceiling = Limits(UTC_ZONE), Ceiling(1, 2)
    assert passes(limits, NOON, ceiling, "a")
    assert passes(limits, NOON, ceiling, "b")
    assert limits.take("c", NOON, ceiling, refused_count=False).exceeded == "DAILY"


def test_the_day_ends_at_midnight_of_the_portals_zone() -> None:
    """Midnight of Berlin is 22:00 UTC in summer."""
    limits, ceiling = Limits(ZoneInfo("Europe/Berlin")), Ceiling(10, 1)
    evening = int(datetime(2026, 6, 1, 21, 59, 59, tzinfo=UTC).timestamp() * 1000)
    assert passes(limits, evening, ceiling)
    refused = limits.take("a", evening, ceiling, refused_count=False)
    assert (refused.exceeded, refused.wait_ms) == ("DAILY", 1000)
    assert passes(limits, evening + 1000, ceiling)


def test_the_wait_of_a_full_window_ends_when_its_oldest_request_leaves() -> None:
    limits, ceiling = Limits(UTC_ZONE), Ceiling(2, 1000)
    for now in (NOON, NOON + 3_000):
        limits.take("a", now, ceiling, refused_count=False)
    assert limits.take("a", NOON + 4_000, ceiling, refused_count=False).wait_ms == 6_000


def test_the_headers_count_down() -> None:
    limits, ceiling = Limits(UTC_ZONE), Ceiling(2, 10)
    shown = [limits.take("a", NOON, ceiling, refused_count=False).headers for _ in range(3)]
    assert [headers["X-HubSpot-RateLimit-Remaining"] for headers in shown] == ["1", "0", "0"]
    assert [headers["X-HubSpot-RateLimit-Daily-Remaining"] for headers in shown] == ["9", "8", "8"]


def test_an_app_without_a_daily_limit_neither_counts_in_the_day_nor_hears_of_it() -> None:
    limits = Limits(UTC_ZONE)
    verdict = limits.take("oauth", NOON, Ceiling(10, None), refused_count=False)
    assert not [name for name in verdict.headers if "Daily" in name]
    assert passes(limits, NOON, Ceiling(10, 1))


def test_limits_that_are_set_stand_instead_of_the_tiers() -> None:
    assert Ceilings(per_10s=7).over("professional") == (7, 625_000)
    assert Ceilings(per_day=8).over("enterprise") == (190, 8)
    assert Ceilings().over_oauth() == (110, None)


@pytest.mark.parametrize("low_and_high", list(pairwise(["free", "starter", "professional", "enterprise"])))
def test_a_higher_tier_may_never_do_less(low_and_high: tuple[str, str]) -> None:
    low, high = (TIERS[tier] for tier in low_and_high)
    assert low[0] <= high[0]
    assert low[1] <= high[1]
