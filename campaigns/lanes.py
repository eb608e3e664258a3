"""The order of runs in a lane: those of one subject on one portal. Lua only moves the heads."""

from typing import Final

from campaigns.errors import Invalid

MOST_SEQUENCE: Final = 2**53
"""The largest whole number that every JSON reader keeps exactly (RFC 8259, section 6)."""

SEQUENCE_DIGITS: Final = 16
TIME_DIGITS: Final = 14
"""Milliseconds since the epoch: enough until the year 5138."""


def order(sequence: int, time: int | None) -> str:
    """The beginning of a run's order, which compares as text as (sequence, time) compares as numbers.

    The time of a trigger without one is its acceptance: the script that accepts it fills it in, and appends the
    number of the acceptance in any case, so that the order is one tuple (sequence, time, acceptance).

    Raises:
        Invalid: a sequence or time that cannot be ordered.

    """
    if not 0 <= sequence <= MOST_SEQUENCE:
        raise Invalid(f"sequence must be between 0 and {MOST_SEQUENCE}")
    if time is None:
        return f"{sequence:0{SEQUENCE_DIGITS}d}."
    if not 0 <= time < 10**TIME_DIGITS:
        raise Invalid("time must be between 1970 and 5138")
    return f"{sequence:0{SEQUENCE_DIGITS}d}.{time:0{TIME_DIGITS}d}"
