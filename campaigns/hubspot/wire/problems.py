"""HubSpot's own words about what went wrong, read from bodies that may lack anything or be a page of HTML."""

from typing import Any, Final

import msgspec

from campaigns.errors import Problem
from campaigns.hubspot.types import ItemProblem
from campaigns.hubspot.wire.exchange import Answer
from campaigns.hubspot.wire.fields import Unreadable, decoded, mapping, sequence, text

_LONGEST_DETAIL: Final = 1_000
_LONGEST_CONTEXT: Final = 4_000
"""Bytes. A problem is kept with its run; no answer may make the run's record large."""

_EXCERPT: Final = 200
"""Bytes of a body that is no JSON: enough to recognise a proxy by its words."""


def problem_of(answer: Answer) -> Problem:
    """The problem that *answer* tells; every field but the detail may be missing."""
    status, correlation_id = answer.status, answer.headers.get("x-hubspot-correlation-id")
    try:
        return _problem(decoded(answer.body), status=status, correlation_id=correlation_id)
    except (Unreadable, RecursionError):
        detail = f"HubSpot answered {status}: {_excerpt(answer.body)}"
        return Problem(detail, status=status, correlation_id=correlation_id)


def item_problems(told: object) -> tuple[ItemProblem, ...]:
    """The `errors` of a batch, each with all its texts."""
    return tuple(ItemProblem(_problem(mapping(one)), "\n".join(_texts(one))) for one in sequence(told))


def _problem(told: dict[str, Any], *, status: int | None = None, correlation_id: str | None = None) -> Problem:
    parts = [mapping(part) for part in sequence(told.get("errors"))]
    contexts = [mapping(part.get("context")) for part in (told, *parts)]
    return Problem(
        _detail(told, parts, status),
        status=status,
        category=text(told.get("category")) or text(told.get("errorType")),
        correlation_id=text(told.get("correlationId")) or correlation_id,
        context=next((context for context in contexts if _keepable(context)), None),
        link=next((link for link in mapping(told.get("links")).values() if text(link)), None),
    )


def _detail(told: dict[str, Any], parts: list[dict[str, Any]], status: int | None) -> str:
    """The message, with what the nested errors add to it: HubSpot's outer message is often only "Invalid input"."""
    said = text(told.get("message")) or text(told.get("error")) or f"HubSpot answered {status or 'with an error'}"
    more = [note for part in parts if (note := text(part.get("message"))) and note not in said]
    return "; ".join([said, *dict.fromkeys(more)])[:_LONGEST_DETAIL]


def _keepable(context: dict[str, Any]) -> bool:
    return bool(context) and len(msgspec.json.encode(context)) <= _LONGEST_CONTEXT


def _excerpt(body: bytes) -> str:
    words = " ".join(body[:_EXCERPT].decode("utf-8", "replace").split())
    return words or "nothing"


def _texts(value: object) -> list[str]:
    """Every text inside *value*."""
    match value:
        case str():
            return [value]
        case dict():
            return [found for part in value.values() for found in _texts(part)]
        case list():
            return [found for part in value for found in _texts(part)]
        case _:
            return []
