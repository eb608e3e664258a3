"""A line to Redis that can be cut, or go silent, at a chosen moment."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from campaigns.store.scripts import ScriptName, source
from tests.connections import Connections


class Line:
    """A socket that passes everything on to a Redis, and back, unless told otherwise.

    Attributes:
        url: where clients find it.
        answer_lost: set once the answer that was to be lost is.

    """

    def __init__(self, folder: Path, redis_url: str) -> None:
        self._path = folder / "line.sock"
        self._behind = redis_url
        self._cut: bytes | None = None
        self._passes = asyncio.Event()
        self._passes.set()
        self._connections = Connections(self._serve)
        self.url = f"unix://{self._path}"
        self.answer_lost = asyncio.Event()

    def lose_the_answer_to(self, name: ScriptName) -> None:
        """The next time that the script *name* is run, Redis runs it and the connection breaks before its answer."""
        self._cut = hashed(name)

    def lead_to(self, redis_url: str) -> None:
        """Let new connections lead somewhere else, as a name does behind which another server has taken over."""
        self._behind = redis_url

    def fall_silent(self) -> None:
        """Pass nothing on any more, and let every connection stand: what a network does when it is parted."""
        self._passes.clear()

    def speak(self) -> None:
        """Pass on again, also what has waited."""
        self._passes.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Line"]:
        """The line, until it is closed."""
        async with await asyncio.start_unix_server(self._connections, self._path):
            try:
                yield self
            finally:
                await self._connections.end()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await _dial(self._behind)
        back = asyncio.create_task(self._pass_back(behind_reader, writer))
        try:
            await self._pass_on(reader, behind_reader, behind_writer, back)
        finally:
            back.cancel()
            writer.close()
            behind_writer.close()

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        behind_reader: asyncio.StreamReader,
        behind_writer: asyncio.StreamWriter,
        back: asyncio.Task[None],
    ) -> None:
        while told := await reader.read(2**16):
            await self._passes.wait()
            cut = self._cut is not None and self._cut in told
            if cut:
                self._cut = None
                back.cancel()
                with suppress(asyncio.CancelledError):
                    await back
            behind_writer.write(told)
            if cut:
                await behind_reader.read(1)  # Redis has done it
                self.answer_lost.set()
                return

    async def _pass_back(self, behind_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while told := await behind_reader.read(2**16):
            await self._passes.wait()
            writer.write(told)
        writer.close()  # Redis has ended it


def hashed(name: ScriptName) -> bytes:
    """What the script *name* is called by."""
    return hashlib.sha1(source(name).encode(), usedforsecurity=False).hexdigest().encode()


async def _dial(redis_url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        return await asyncio.open_unix_connection(parts.path)
    return await asyncio.open_connection(parts.hostname, parts.port)


@asynccontextmanager
async def a_line(redis_url: str) -> AsyncIterator[Line]:
    """A line to the Redis at *redis_url*."""
    with tempfile.TemporaryDirectory(prefix="line-") as folder:
        async with Line(Path(folder), redis_url).open() as line:
            yield line
