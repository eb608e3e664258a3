"""A tiny receiver of callbacks, as a caller's service would have: takes POSTs and keeps what they said."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec

LONGEST_REQUEST: Final = 5.0


class Received(msgspec.Struct, frozen=True):
    """One callback as it came in: header names in lower case."""

    headers: dict[str, str]
    body: bytes


class Receiver:
    """What has been received; `url` is where."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and answer 204."""
        try:
            async with asyncio.timeout(LONGEST_REQUEST):
                await reader.readline()
                headers: dict[str, str] = {}
                while line := (await reader.readline()).decode("latin-1").strip():
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.received.append(Received(headers, body))
                writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                await writer.drain()
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            pass  # what did not arrive whole comes again
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    async with server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/fanfare"
        yield receiver
