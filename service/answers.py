"""What handlers give back: a whole answer, sent as it is, where Litestar's own responses would build it once more."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar.types import Receive, Scope, Send

JSON: Final = b"application/json"
REPLAYED: Final = (b"idempotent-replayed", b"true")
"""Says that this was done before, and that this is what it came to then."""

Header = tuple[bytes, bytes]


class Answer:
    """An HTTP answer; Litestar calls it as the ASGI application that it is."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, *headers: Header, media_type: bytes = JSON) -> None:
        self.status = status
        self.body = body
        self.headers: Sequence[Header] = (
            (b"content-type", media_type),
            (b"content-length", b"%d" % len(body)),
            *headers,
        )

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def told(value: Any, status: int = 200, *headers: Header) -> Answer:  # noqa: ANN401 - whatever JSON can say
    """*value* as JSON."""
    return Answer(status, msgspec.json.encode(value), *headers)
