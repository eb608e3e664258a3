"""Ending what runs beside something else, for sure."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

AGAIN: Final = 0.1
"""Seconds between two cancellations: longer than it takes to end, too short to be noticed at a stop."""


async def end(running: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel until it is heard: before Python 3.12 `asyncio.wait_for`, which redis-py uses, may swallow it.

    Source: https://github.com/python/cpython/issues/86296
    """
    left = {task for task in running if not task.done()}
    while left:
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=AGAIN)
        for task in ended:
            if not task.cancelled():
                task.exception()  # taken note of: whoever cares has seen to it
