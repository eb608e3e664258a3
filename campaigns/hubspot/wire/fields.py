"""Reading JSON that may lack anything or hold something else than promised: each reader gives a value or None."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST: Final = 2**63 - 1
"""What JSON libraries, Redis scripts and HubSpot's own int64 can hold."""


class Unreadable(ValueError):
    """The answer does not hold what it must."""


def decoded(body: bytes) -> dict[str, Any]:
    """The JSON object in *body*.

    Raises:
        Unreadable: it is something else: a page of HTML, nothing, half an object, an object nested beyond reason.

    """
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def mapping(value: object) -> dict[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """An array, or an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def whole(value: object) -> int | None:
    """A whole number within 64 bits."""
    if isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST:
        return value
    return None


def number(value: object) -> float | None:
    """A number, also one written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def moment(value: object) -> int | None:
    """A time as milliseconds since the epoch: ISO 8601 on campaigns, already milliseconds on budget and spend items."""
    if not isinstance(value, str):
        return whole(value)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    since = aware - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000


def identity(value: object) -> str | None:
    """An id: text, or a number where a version types it so."""
    found = whole(value)
    return str(found) if found is not None else text(value)


def strings(value: object) -> dict[str, str]:
    """A map of texts; a null is a property without a value, and those are left out."""
    kept = {name: told for name, told in mapping(value).items() if told is not None}
    return {name: told if isinstance(told, str) else msgspec.json.encode(told).decode() for name, told in kept.items()}


def present(value: object, read: Callable[[object], T | None]) -> tuple[T, ...]:
    """What *read* makes of an array's rows, without those that it cannot read."""
    return tuple(row for row in map(read, sequence(value)) if row is not None)


def every(value: object, read: Callable[[object], T | None]) -> tuple[T, ...]:
    """What *read* makes of all of an array's rows.

    Raises:
        Unreadable: there is no array or one row cannot be read, and whoever takes the rest for all would be wrong.

    """
    if not isinstance(value, list):
        raise Unreadable("no rows where there must be some")
    rows = present(value, read)
    if len(rows) != len(value):
        raise Unreadable("a row without an id")
    return rows


def certain(found: T | None, what: str) -> T:
    """*found*, which must be there.

    Raises:
        Unreadable: it is not; then *what* may exist and nobody knows which it is.

    """
    if found is None:
        raise Unreadable(f"no id of a {what}")
    return found
