"""The connections of a listener that a test has made: they end with it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress


class Connections:
    """To be given to `asyncio.start_server` in the place of *serve*, which serves one of them."""

    def __init__(self, serve: Callable[[StreamReader, StreamWriter], Awaitable[None]]) -> None:
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve a connection until it, or the listener, ends."""
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(asyncio.CancelledError):  # else asyncio tells of an error
            await self._serve(reader, writer)

    async def end(self) -> None:
        """End all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
