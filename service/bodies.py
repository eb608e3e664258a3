"""Reading a request's body off the ASGI server, where Litestar's `Request` would first make a table of all headers."""

from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Receive

from service.problems import Malformed


async def whole(receive: Receive, most: int) -> bytes:
    """The body; *most* bytes of it, and hardly more are ever held.

    Raises:
        RequestEntityTooLarge: it is longer.
        Malformed: it ends before its end, with the connection.

    """
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Malformed("the body: the connection was closed before its end")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise RequestEntityTooLarge
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)
