"""Riding out a Redis that is away: seconds of outage cost time, not work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from campaigns.errors import Newer, Unavailable

T = TypeVar("T")

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 1.0
"""Seconds: a Redis that is back is used within one; one that is away for long is not asked in vain more often."""


async def ride_out(ask: Callable[[], Awaitable[T]]) -> T:
    """What *ask* answers, asked again for as long as Redis is away; it must do no harm twice.

    Ends with Redis's return or the caller's cancellation; a save then learns whether its lease has lasted.

    Raises:
        Newer: Redis is there, and asking again would find the same.

    """
    pause = FIRST_PAUSE
    while True:
        try:
            return await ask()
        except Newer:
            raise
        except Unavailable:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
