"""Calling whoever delivers callbacks while a run's last call is on its way: so they are there when it has ended."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from campaigns.errors import Unavailable
from campaigns.store.callbacks import Callbacks

AGAIN: Final = 2.0
"""Seconds until they are called again: less than they linger for when nothing comes."""

log = structlog.get_logger()


class Expected:
    """The callbacks that are about to come.

    Args:
        callbacks: says whether somebody delivers.
        call: enqueues the job that does.
        monotonic: seconds, from a clock that never jumps.

    """

    def __init__(
        self, callbacks: Callbacks, call: Callable[[], Awaitable[None]], monotonic: Callable[[], float]
    ) -> None:
        self._callbacks = callbacks
        self._call = call
        self._monotonic = monotonic
        self._asked_at = -AGAIN
        self._asking: asyncio.Task[None] | None = None

    def soon(self) -> None:
        """A callback is about to be due."""
        now = self._monotonic()
        if now - self._asked_at >= AGAIN and self._asking is None:
            self._asked_at = now
            self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        try:
            if await self._callbacks.expect():
                await self._call()
        except Unavailable as error:
            log.info("callbacks.not_expected", problem=str(error))  # they are called for when the run has ended
        finally:
            self._asking = None
