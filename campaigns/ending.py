"""Ending what runs beside something else, for sure."""

import asyncio
from collections.abc import Iterable
from itertools import count
from typing import Any, Final

AGAIN: Final = 0.1
"""Seconds between two cancellations: longer than it takes to end, too short to be noticed at a stop."""


async def end(running: Iterable[asyncio.Task[Any]], *, tries: int | None = None, each: float = AGAIN) -> None:
    """Cancel until it is heard: before Python 3.12 `asyncio.wait_for`, which redis-py uses, may swallow it.

    Source: https://github.com/python/cpython/issues/86296

    Args:
        running: what is to end.
        tries: how often, for what may take no notice at all and is then left alone; None: until all have ended.
        each: seconds in which what has heard may put its things in order, before it is cancelled again.

    """
    left = {task for task in running if not task.done()}
    for _ in count() if tries is None else range(tries):
        if not left:
            return
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=each)
        for task in ended:
            if not task.cancelled():
                task.exception()  # taken note of: whoever cares has seen to it
