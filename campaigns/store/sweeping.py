"""What the sweep asks of Redis: what is due and served by nobody, and what may be forgotten."""

from typing import Final

import msgspec

from campaigns.store.scripts import Scripts

MOST_AT_ONCE: Final = 100
"""Portals found, and runs forgotten, by one call: a few milliseconds of Redis at the most."""


class Found(msgspec.Struct, frozen=True):
    """What somebody must do: portals to advance, and whether callbacks wait."""

    portals: tuple[str, ...]
    callbacks: bool


class Sweeping:
    """Finds what stands still."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def find(self) -> Found:
        """Portals that are due and served by nobody; each counts as called now."""
        callbacks, *portals = await self._scripts.run("sweep", MOST_AT_ONCE)
        return Found(tuple(portal.decode() for portal in portals), bool(callbacks))

    async def trim(self) -> int:
        """Forget ended runs whose time is over; how many."""
        return int(await self._scripts.run("trim", MOST_AT_ONCE))
