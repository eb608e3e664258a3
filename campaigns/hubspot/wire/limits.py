"""What HubSpot's headers say about what is left to ask for. Any of them may be missing."""

from collections.abc import Mapping
from typing import Final

import msgspec

_PREFIX: Final = "x-hubspot-ratelimit-"
_MOST_DIGITS: Final = 15


class Limits(msgspec.Struct, frozen=True):
    """The rate limit headers of one answer (https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines).

    Attributes:
        max: calls allowed in one window.
        remaining: calls left in this window; other programs of the app use it too.
        interval_ms: the window's length.
        daily: calls allowed in the account's day; not sent to OAuth apps.
        daily_remaining: calls left in the account's day, shared by all its apps.

    """

    max: int | None = None
    remaining: int | None = None
    interval_ms: int | None = None
    daily: int | None = None
    daily_remaining: int | None = None


def limits_of(headers: Mapping[str, str]) -> Limits | None:
    """The limits in *headers* (names in lower case), or None if they hold none."""
    found = Limits(
        max=_count(headers.get(f"{_PREFIX}max")),
        remaining=_count(headers.get(f"{_PREFIX}remaining")),
        interval_ms=_count(headers.get(f"{_PREFIX}interval-milliseconds")),
        daily=_count(headers.get(f"{_PREFIX}daily")),
        daily_remaining=_count(headers.get(f"{_PREFIX}daily-remaining")),
    )
    return None if found == Limits() else found


def _count(text: str | None) -> int | None:
    """A header's whole number; None for anything else."""
    told = (text or "").strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS else None
