"""A worker's probes and metrics: alive while its event loop answers, ready while Redis does. HubSpot is not asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

LONGEST_REQUEST: Final = 2.0
"""Seconds that a client may take to say what it wants."""

LONGEST_PING: Final = 1.0
"""Seconds that Redis may take to answer before a probe calls it away."""

Check = Callable[[], Awaitable[object]]


@asynccontextmanager
async def answering(port: int, ready: Check, registry: CollectorRegistry, host: str = "") -> AsyncIterator[int]:
    """Answer `/livez`, `/startupz`, `/readyz` and `/metrics` on *port*; gives the port, which is a free one for 0.

    Args:
        port: where to listen.
        ready: raises when the process could not work now.
        registry: the instruments to show.
        host: the address to listen on; all by default, as the kubelet asks from outside the pod.

    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(LONGEST_REQUEST):
                request = await reader.readline()
                while (await reader.readline()).strip():
                    pass
                writer.write(await _response(request, ready, registry))
                await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass  # a probe that went away has nothing to be told
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host or None, port)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _response(request: bytes, ready: Check, registry: CollectorRegistry) -> bytes:
    words = request.decode("latin-1").split()
    path = words[1].partition("?")[0] if len(words) > 1 else ""
    kind = "text/plain"
    match path:
        case "/livez" | "/startupz":
            status, text = "200 OK", "ok"
        case "/readyz":
            status, text = await _readiness(ready)
        case "/metrics":
            status, text, kind = "200 OK", generate_latest(registry).decode().rstrip("\n"), CONTENT_TYPE_LATEST
        case _:
            status, text = "404 Not Found", "not found"
    body = f"{text}\n".encode()
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


async def _readiness(ready: Check) -> tuple[str, str]:
    try:
        async with asyncio.timeout(LONGEST_PING):
            await ready()
    except Exception as error:  # noqa: BLE001 - whatever it is, the process is not ready
        return "503 Service Unavailable", f"redis: {type(error).__name__}"
    return "200 OK", "ok"
