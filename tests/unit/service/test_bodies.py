"""Bodies come in pieces of any size, end early, or never."""

from itertools import count
from typing import Any

import pytest
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Receive

from service.bodies import whole
from service.problems import Malformed


def coming(*messages: dict[str, Any]) -> Receive:
    """A server that has these messages."""
    left = iter(messages)

    async def receive() -> Any:  # noqa: ANN401 - one of ASGI's messages
        return next(left)

    return receive


def piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_is_what_all_its_pieces_are_together() -> None:
    assert await whole(coming(piece(b"ab", more=False)), 5) == b"ab"
    assert await whole(coming(piece(b"ab"), piece(b""), piece(b"cde", more=False)), 5) == b"abcde"
    assert await whole(coming({"type": "http.request"}), 5) == b""


async def test_a_body_that_is_too_long_is_not_read_to_its_end() -> None:
    numbers = count(1)

    async def endless() -> Any:  # noqa: ANN401 - one of ASGI's messages
        next(numbers)
        return piece(b"abc")

    with pytest.raises(RequestEntityTooLarge):
        await whole(endless, 8)
    assert next(numbers) == 4


async def test_a_body_that_ends_with_the_connection_is_no_trigger() -> None:
    with pytest.raises(Malformed, match="closed before its end"):
        await whole(coming(piece(b"{}"), {"type": "http.disconnect"}), 5)
