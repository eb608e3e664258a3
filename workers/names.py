"""Names that a portal's campaigns have already, for recipes that do not leave it to HubSpot whether one is taken."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import msgspec

from campaigns.errors import Refused
from campaigns.hubspot import wire
from campaigns.hubspot.index import Index
from campaigns.hubspot.properties import LONGEST_NAME
from campaigns.model import Run
from workers.by_id import GONE
from workers.calls import Calls
from workers.turns import Turns

NEWS_FIRST: Final = "-updatedAt"
"""Whatever got a name since the last look, by being made or renamed, stands on the first pages."""

KEPT: Final = 16
"""Names whose campaigns are remembered: recipes that number theirs use few at a time, each for thousands."""


class _Ours(msgspec.Struct, frozen=True):
    """A campaign that we have made; by the loop's time *until* HubSpot's list shows it, if it is still there."""

    campaign: str
    until: float


class Names:
    """The names of one portal's campaigns, asked by one run at a time.

    Who finds a name free takes it before the next asks. HubSpot's list may lag behind what was just made, so what we
    have made is known besides for as long; after that the list alone decides, since anybody may remove or rename it.

    Args:
        calls: the way to the portal.
        lag: seconds for which HubSpot's list may not show what was made.
        marker_property: where the portal's campaigns bear their markers, besides their notes.

    """

    def __init__(self, calls: Calls, lag: float, marker_property: str | None = None) -> None:
        self._calls = calls
        self._lag = lag
        self._marker_property = marker_property
        self._turns = Turns()
        self._ours: dict[str, _Ours] = {}
        self._known: dict[str, Index] = {}

    def turn(self, run: Run) -> AbstractAsyncContextManager[None]:
        """Nobody else asks or takes meanwhile; the most urgent run goes first."""
        return self._turns.one(lambda: self._calls.ranks.of(run))

    def took(self, name: str, campaign: str) -> None:
        """A campaign of ours has this name now."""
        self._ours.pop(name, None)  # so that the first is always the oldest
        self._ours[name] = _Ours(campaign, asyncio.get_running_loop().time() + self._lag)

    async def holder(self, name: str, index: Index, run: Run) -> str | None:
        """The id of a campaign that has exactly this name, as *index* has it or as a read of what we have made does.

        Raises: as `like`.

        """
        found = index.named(name)
        if found:
            return found[0].id
        ours = self._lately().get(name)
        if ours is None:
            return None
        if await self._has(ours.campaign, name, run):
            return ours.campaign
        self._ours.pop(name, None)
        return None

    def may_be_taken(self, name: str, index: Index) -> bool:
        """Whether a campaign has this name, or may have it: of ours, the list does not tell yet."""
        return bool(index.named(name)) or name in self._lately()

    def _lately(self) -> dict[str, _Ours]:
        """What we have made and HubSpot's list may not show yet."""
        now = asyncio.get_running_loop().time()
        while self._ours and next(iter(self._ours.values())).until <= now:
            del self._ours[next(iter(self._ours))]
        return self._ours

    async def _has(self, campaign: str, name: str, run: Run) -> bool:
        try:
            now = await self._calls.read(wire.read(campaign, ("hs_name",)), run)
        except Refused as refusal:
            if refusal.problem.status != GONE:
                raise
            return False
        return now.name.strip() == name

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


def numbered(name: str, is_taken: Callable[[str], bool]) -> str:
    """*name* with the first number with which it is not taken, cut so that HubSpot takes it."""
    number = 2
    while True:
        ending = f" ({number})"
        told = name[: LONGEST_NAME - len(ending)].rstrip() + ending
        if not is_taken(told):
            return told
        number += 1
