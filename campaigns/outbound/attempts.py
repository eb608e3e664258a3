"""What an attempt to post a callback came to, and what becomes of the callback then. Pure: time and chance come in."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import msgspec

from campaigns.keys import DAY, SECOND

FIRST_PAUSE: Final = SECOND
"""A receiver that restarts has its status within seconds."""

LONGEST_PAUSE: Final = 600 * SECOND
"""Ten minutes: an absent receiver is asked 150 times in the day."""

PATIENCE: Final = DAY
"""After a day it takes a person to find out what is wrong; the callback waits, parked, to be replayed."""

_MOST_DIGITS: Final = 9


class Answered(msgspec.Struct, frozen=True):
    """The receiver answered.

    Attributes:
        retry_after: seconds that it asked us to wait; None when it did not say.

    """

    status: int
    retry_after: float | None = None


class Unanswered(msgspec.Struct, frozen=True):
    """Nothing was sent, or no answer came: why, in a few words for an operator."""

    problem: str


Attempt = Answered | Unanswered


class Delivered(msgspec.Struct, frozen=True):
    """The receiver has the status."""


class Again(msgspec.Struct, frozen=True):
    """To be posted again after *span* ms, as *problem* stood in the way."""

    span: int
    problem: str


class Parked(msgspec.Struct, frozen=True):
    """Not to be posted again until somebody replays it, because of *problem*."""

    problem: str


Verdict = Delivered | Again | Parked


def after_attempt(attempt: Attempt, *, tries: int, age: int, chance: float) -> Verdict:
    """What becomes of a callback.

    Args:
        attempt: what the post came to; only a 2xx says that the receiver has it.
        tries: posts before this one.
        age: milliseconds since the run ended.
        chance: a random number in [0, 1).

    """
    match attempt:
        case Answered(status=status) if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return Delivered()
        case Answered(status=status, retry_after=seconds):
            problem, asked = f"the receiver answered {status}", int((seconds or 0) * SECOND)
            over = status == HTTPStatus.GONE or asked > PATIENCE
        case Unanswered(problem=problem):
            asked, over = 0, False
    if over or age >= PATIENCE:
        return Parked(problem)
    return Again(max(asked, pause(tries + 1, chance)), problem)


def pause(tries: int, chance: float) -> int:
    """Milliseconds before the next post after *tries* failed ones: doubling, with full jitter in the upper half."""
    most = min(FIRST_PAUSE * 2 ** min(tries - 1, 30), LONGEST_PAUSE)
    return int(most / 2 + chance * most / 2)


def seconds_asked(retry_after: str | None, date: str | None, now: int) -> float | None:
    """The seconds that a `Retry-After` header asks for (RFC 9110, section 10.2.3); None for none or nonsense.

    Args:
        retry_after: seconds, or a date by the receiver's clock.
        date: the answer's own `Date` header: what that clock showed.
        now: what our clock shows (ms since the epoch), when the answer has no date.

    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= _MOST_DIGITS else None
    until = _http_date(text)
    if until is None:
        return None
    shown = _http_date(date or "")
    return max(0.0, until - (shown if shown is not None else now / SECOND))


def _http_date(text: str) -> float | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (at if at.tzinfo else datetime.replace(at, tzinfo=UTC)).timestamp()
