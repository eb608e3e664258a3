"""How the tests with HubSpot's SDK look at its typed answers: the SDK itself lets "7" pass for 7, and members it does not know."""

from typing import Final

import httpx
from pydantic import BaseModel, TypeAdapter

FORGOTTEN: Final = frozenset({"total", "link"})
"""The SDK's pages know neither the total nor the link of the next page."""


def untyped(told: object, answer: httpx.Response) -> set[str]:
    """The members of an answer, at any depth, that the type of *told* does not name.

    Raises:
        ValidationError: a member that it names is missing, or of another type.

    """
    if not answer.content:
        assert told is None
        return set()
    return _unnamed(TypeAdapter(type(told)).validate_json(answer.content, strict=True))


def _unnamed(value: object) -> set[str]:
    match value:
        case BaseModel():
            inner = [getattr(value, name) for name in type(value).model_fields]
            return set(value.model_extra or ()).union(*map(_unnamed, inner))
        case dict():
            return set().union(*map(_unnamed, value.values()))
        case list():
            return set().union(*map(_unnamed, value))
        case _:
            return set()
