"""Names that a portal's campaigns have already, for recipes that do not leave it to HubSpot whether one is taken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from campaigns.hubspot import wire
from campaigns.hubspot.index import Index
from campaigns.hubspot.properties import LONGEST_NAME
from campaigns.model import Run
from workers.calls import Calls

NEWS_FIRST: Final = "-updatedAt"
"""Whatever got a name since the last look, by being made or renamed, stands on the first pages."""

KEPT: Final = 16
"""Names whose campaigns are remembered: recipes that number theirs use few at a time, each for thousands."""


class Names:
    """The names of one portal's campaigns, asked by one run at a time.

    Who finds a name free takes it before the next asks. HubSpot's search may lag behind what was just made, so what we
    have made since is known besides.

    Args:
        calls: the way to the portal.
        marker_property: where the portal's campaigns bear their markers, besides their notes.

    """

    def __init__(self, calls: Calls, marker_property: str | None = None) -> None:
        self._calls = calls
        self._marker_property = marker_property
        self._turn = asyncio.Lock()
        self._ours: dict[str, str] = {}
        self._known: dict[str, Index] = {}

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Nobody else asks or takes meanwhile."""
        async with self._turn:
            yield

    def took(self, name: str, campaign: str) -> None:
        """A campaign of ours has this name now."""
        self._ours[name] = campaign

    def holder(self, name: str, index: Index) -> str | None:
        """The id of a campaign that has exactly this name, as *index* has it or as we have made it."""
        found = index.named(name)
        return found[0].id if found else self._ours.get(name)

    async def like(self, name: str, run: Run) -> Index:
        """The campaigns whose name has *name* in it; pages are read until as many are known as HubSpot counts.

        Raises:
            Later: HubSpot cannot be read now.
            LeaseLost, Stopping: see `Calls.depart`.

        """
        known = self._known.pop(name, Index(self._marker_property))
        seen = Index(self._marker_property)
        after: str | None = None
        walked: set[str | None] = set()
        while after not in walked:
            walked.add(after)
            request = wire.find(
                name=name, sort=NEWS_FIRST, limit=wire.MOST_ON_A_PAGE, after=after, properties=known.properties
            )
            page = await self._calls.read(request, run)
            known.learn_all(page.results)
            seen.learn_all(page.results)
            if len(known) == page.total:
                return self._keep(name, known)
            after = page.after
        return self._keep(name, seen)  # some that were known are gone, or have another name

    def _keep(self, name: str, index: Index) -> Index:
        self._known[name] = index
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return index


def numbered(name: str, is_free: Callable[[str], bool]) -> str:
    """*name* with the first number with which it is free, cut so that HubSpot takes it."""
    number = 2
    while True:
        ending = f" ({number})"
        told = name[: LONGEST_NAME - len(ending)].rstrip() + ending
        if is_free(told):
            return told
        number += 1
