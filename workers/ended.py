"""Telling Redis that calls have ended: a moment later, and together, so that what became of them is saved first."""

import asyncio
from functools import partial
from typing import Final

from campaigns.store.patience import ride_out
from campaigns.store.portals import Portals

LATER: Final = 0.01
"""Seconds: a thousandth of the time for which a place is taken anyway, and longer than it takes to ask for the save."""


class EndedCalls:
    """Calls of one portal that have ended, whose places are free one window later.

    What a process does not say any more as it dies costs little: a place that nobody frees is free when the call would
    have ended at the latest.
    """

    def __init__(self, portals: Portals, portal: str) -> None:
        self._portals = portals
        self._portal = portal
        self._places: list[str] = []
        self._telling: asyncio.Task[None] | None = None

    def add(self, place: str) -> None:
        """The call in *place* has ended."""
        self._places.append(place)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        try:
            while self._places:
                await asyncio.sleep(LATER)
                places, self._places = self._places, []
                await ride_out(partial(self._portals.answered, self._portal, places))
        finally:
            self._telling = None
