"""How outcomes leave over ASGI: a complete answer, or a connection cut in the middle of one."""

from typing import Final

import msgspec
from litestar.exceptions import LitestarException
from litestar.types import ASGIApp, Receive, Scope, Send

from simulator.answers import HTML, JSON, Answer

PROMISED: Final = 1_000_000  # bytes announced to a caller whose connection is cut after the first


class Cut(ConnectionAbortedError):
    """The connection was cut before a complete answer."""


class SendAnswer:
    """An ASGI application that gives one answer."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the whole answer."""
        answer = self._answer
        body, kind = _written(answer.body)
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
        headers.append((b"content-length", str(len(body)).encode()))
        if body:
            headers.append((b"content-type", kind.encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


async def send_cut(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Cut the connection: announce a long body, send one byte and give up.

    granian then closes the socket, and the caller's client reports a broken connection. Without a server in between
    (`httpx.ASGITransport`) an exception arrives there: Litestar's, with this one as its cause.

    Raises:
        Cut: always.
    """
    headers = [(b"content-type", b"application/json"), (b"content-length", str(PROMISED).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
    raise Cut("The simulator cut this connection on purpose")


def quiet(app: ASGIApp) -> ASGIApp:
    """Keep cuts, which are planned, out of a server's log: granian cuts as well when an application just returns."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except LitestarException as error:
            if not isinstance(error.__cause__, Cut):
                raise

    return serve


def _written(body: object) -> tuple[bytes, str]:
    match body:
        case None:
            return b"", JSON
        case str():
            return body.encode(), HTML
        case _:
            return msgspec.json.encode(body), JSON
