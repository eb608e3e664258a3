"""Places in a portal's quota for programs that do not serve it: each read of HubSpot takes one, like any call."""

from campaigns.quota import WINDOW, Limit
from campaigns.store.scripts import Scripts


class Places:
    """The places of all portals."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def take(self, portal: str, place: str, limit: Limit, lasts: int) -> int | None:
        """Take a place for a call that has surely ended after *lasts* ms; Redis's time, or None when none is free.

        Args:
            portal: whose quota it is.
            place: names it; no two bear the same.
            limit: what the account may ask.
            lasts: milliseconds.

        """
        granted, now = await self._scripts.run("take_place", portal, limit.per_window, WINDOW, lasts, place)
        return int(now) if granted else None
