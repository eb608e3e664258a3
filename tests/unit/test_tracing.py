"""Which trace a trigger belongs to: the examples and the rules of W3C Trace Context."""

import pytest

from campaigns.tracing import child, read

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TOLD = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize("told", [TOLD, TOLD[:-2] + "00", "01" + TOLD[2:], "cc" + TOLD[2:] + "-what-the-future-brings"])
def test_a_traceparent_is_kept_as_it_is_also_one_of_a_later_version(told: str) -> None:
    assert read(told) == told


@pytest.mark.parametrize(
    "told",
    [
        None,
        "",
        "00-1-2-01",
        TOLD.upper(),
        TOLD + "-more",
        TOLD + " ",
        "ff" + TOLD[2:],
        "00-" + "0" * 32 + TOLD[35:],
        TOLD[:36] + "0" * 16 + "-01",
        "cc" + TOLD[2:] + "more",
    ],
)
def test_what_is_no_traceparent_is_passed_over(told: str | None) -> None:
    assert read(told) is None


def test_each_call_has_a_parent_id_of_its_own_in_the_same_trace_with_the_same_flags() -> None:
    first, second = child(TOLD, "call 1"), child(TOLD, "call 2")
    assert len({TOLD, first, second}) == 3
    for one in (first, second):
        assert (read(one), one[:36], one[-3:]) == (one, f"00-{TRACE}-", "-01")
    assert child(TOLD, "call 1") == first
    assert child("cc" + TOLD[2:] + "-more", "call 1")[:36] == f"00-{TRACE}-"
