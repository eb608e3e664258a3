"""The two halves of an exchange as values: the request to send and the answer that came. No I/O."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from campaigns.errors import Invalid

T_co = TypeVar("T_co", covariant=True)

MOST_IN_A_BATCH: Final = 50
"""The four batch paths of v3 and 2026-03: "The maximum number of items in a batch request is 50.\""""

MOST_ON_A_PAGE: Final = 100
"""HubSpot's guide: "Allowed values range from 1 to 100"."""

Query = tuple[tuple[str, str], ...]


class Answer(msgspec.Struct, frozen=True):
    """What came back.

    Attributes:
        headers: names in lower case.

    """

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Request(msgspec.Struct, Generic[T_co], frozen=True):
    """One call to HubSpot.

    Attributes:
        path: below the version's prefix, each segment percent-encoded.
        query: decoded names and values.
        body: JSON, or None.
        operation: which of HubSpot's operations this is; the same in every version.
        changes: whether HubSpot's state may be another afterwards, so that a lost answer is in doubt.
        read: makes the value out of a 2xx answer; raises `ValueError` when it cannot.

    """

    operation: str
    method: str
    path: str
    read: Callable[[Answer], T_co]
    query: Query = ()
    body: bytes | None = None
    changes: bool = False

    @property
    def target(self) -> str:
        """Path and query as they stand in the URL."""
        return f"{self.path}?{urlencode(self.query, quote_via=quote, safe='')}" if self.query else self.path


def prefix_of(version: str) -> str:
    """Where a version's paths begin: the dated ones turn the words of v3 round."""
    if version == "v3":
        return "/marketing/v3/campaigns"
    return f"/marketing/campaigns/{segment(version)}"


def segment(text: str) -> str:
    """One segment of a path, percent-encoded.

    Raises:
        Invalid: the text would lead to another path: an empty id turns "delete this" into a call on the collection.

    """
    if text in {"", ".", ".."}:
        raise Invalid(f"{text!r} cannot be a part of a path")
    return quote(_sendable(text), safe="")


def told(*pairs: tuple[str, str | int | None]) -> Query:
    """The pairs that have a value, as a query.

    Raises:
        Invalid: a value is not text that can be sent.

    """
    return tuple((name, _sendable(str(value))) for name, value in pairs if value is not None)


def _sendable(text: str) -> str:
    """*text*, unless it holds half a character."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid(f"{text!r} is not text that can be sent")
    return text


def names(properties: Iterable[str]) -> str | None:
    """Property names as HubSpot's live links have them: one value with commas (the specification repeats the name)."""
    return ",".join(properties) or None


def page_size(limit: int | None) -> int | None:
    """*limit*, if HubSpot allows it; None leaves its default.

    Raises:
        Invalid: it does not.

    """
    if limit is not None and not 1 <= limit <= MOST_ON_A_PAGE:
        raise Invalid(f"a page has 1 to {MOST_ON_A_PAGE} rows, not {limit}")
    return limit


def packed(value: Any) -> bytes:  # noqa: ANN401  JSON is any
    """*value* as a body.

    Raises:
        Invalid: it holds what JSON cannot.

    """
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(f"this cannot be sent as JSON: {error}") from error
