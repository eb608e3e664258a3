"""What was asked of the portal and what became of it, for tests to read afterwards."""

import re
from collections import Counter
from typing import Final

import msgspec

from simulator.answers import CUT

_MARKER: Final = re.compile(r"\[fanfare:[^\]]+\]")


class Row(msgspec.Struct):
    """One wish to change something: a request, or one item of a batch.

    Attributes:
        time: when the request came, seconds since 1970.
        method: HTTP's.
        path: the whole path.
        status: what was answered; 0 when the connection was cut before a complete answer.
        marker: the first text `[fanfare:...]` in a property or description.
        committed: whether the portal carried it out, at once or (a late commit) by now.
        campaign: the GUID of the campaign it came to, if any.
    """

    time: float
    method: str
    path: str
    status: int
    marker: str | None
    committed: bool
    campaign: str | None


class Stats(msgspec.Struct, frozen=True):
    """Requests answered or cut, by status ("0" is a cut) and by operation, and campaigns that stand."""

    requests: int
    by_status: dict[str, int]
    by_operation: dict[str, int]
    campaigns: int


class Ledger:
    """All rows, oldest first, and the counts of every request, reads included."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._by_status: Counter[int] = Counter()
        self._by_operation: Counter[str] = Counter()

    def count(self, operation: str, status: int) -> None:
        """Count one request for this operation that was answered with this status, or cut."""
        self._by_operation[operation] += 1
        self._by_status[status] += 1

    def stats(self, campaigns: int) -> Stats:
        """Return the counts so far."""
        by_status = {str(status): times for status, times in sorted(self._by_status.items())}
        by_operation = dict(sorted(self._by_operation.items()))
        return Stats(self._by_status.total(), by_status, by_operation, campaigns)


def wishes(rest: str, campaign: str | None, body: bytes) -> list[tuple[str | None, str | None]]:
    """Tell the wishes of a request apart: for each its marker and the campaign that it names.

    A batch has one for each input; any other request, and a body that nobody can read, is one wish.
    """
    try:
        read = msgspec.json.decode(body) if body else None
    except (ValueError, RecursionError):
        return [(None, campaign)]
    if rest.startswith("/batch/") and isinstance(read, dict) and isinstance(read.get("inputs"), list):
        return [(_marker(item), _named(item)) for item in read["inputs"]] or [(None, None)]
    return [(_marker(read), campaign)]


def enter(ledger: Ledger, template: Row, wished: list[tuple[str | None, str | None]]) -> list[Row]:
    """Enter a row for each wish, as not committed; `settle` says what became of them."""
    rows = [msgspec.structs.replace(template, marker=marker, campaign=campaign) for marker, campaign in wished]
    ledger.rows.extend(rows)
    return rows


def settle(rows: list[Row], campaigns: tuple[str | None, ...]) -> None:
    """Note in rows entered before to which campaign each wish came; None: it was refused."""
    for row, campaign in zip(rows, campaigns, strict=False):
        if campaign is not None:
            row.committed, row.campaign = True, campaign


def row(time: int, method: str, path: str) -> Row:
    """Begin a row; `time` is in milliseconds."""
    return Row(time / 1000, method, path, CUT, None, committed=False, campaign=None)


def _marker(value: object) -> str | None:
    """Return the first marker in any text within a JSON value."""
    match value:
        case str():
            found = _MARKER.search(value)
            return found[0] if found else None
        case dict():
            return next((marker for part in value.values() if (marker := _marker(part))), None)
        case list():
            return next((marker for part in value if (marker := _marker(part))), None)
        case _:
            return None


def _named(item: object) -> str | None:
    named = item.get("id") if isinstance(item, dict) else None
    return named if isinstance(named, str) else None
