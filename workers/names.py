"""Names that a portal's campaigns have already, for recipes that do not leave it to HubSpot whether one is taken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from campaigns.hubspot import wire
from campaigns.hubspot.index import Index
from campaigns.hubspot.properties import LONGEST_NAME
from campaigns.model import Run
from workers.calls import Calls


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
        """The campaigns whose name has *name* in it.

        Raises:
            Later: HubSpot cannot be read now.
            LeaseLost, Stopping: see `Calls.depart`.

        """
        index = Index(self._marker_property)
        after: str | None = None
        walked: set[str | None] = set()
        while after not in walked:
            walked.add(after)
            request = wire.find(name=name, limit=wire.MOST_ON_A_PAGE, after=after, properties=index.properties)
            page = await self._calls.read(request, run)
            index.learn_all(page.results)
            after = page.after
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
