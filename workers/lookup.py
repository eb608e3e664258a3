"""The look-up of a portal: one walk through its newest campaigns serves every run in doubt."""

import asyncio
from typing import Final

from campaigns.errors import CampaignsError, Later
from campaigns.hubspot import walk, wire
from campaigns.hubspot.index import Index
from workers.calls import Calls

MARGIN: Final = 300_000
"""HubSpot's clock and Redis's may differ by minutes: a walk goes back five further than the oldest send in doubt."""

MOST_WALKS: Final = 10
"""A portal that changes under ten walks in a row is asked again later."""


class Lookup:
    """Walks for all who ask, one walk at a time.

    Args:
        calls: the way to the portal.
        marker_property: where the portal's campaigns bear their markers, besides their notes.

    """

    def __init__(self, calls: Calls, marker_property: str | None = None) -> None:
        self._calls = calls
        self._marker_property = marker_property
        self._asking: list[tuple[int, asyncio.Future[Index]]] = []
        self._walking: asyncio.Task[None] | None = None

    async def look(self, oldest: int) -> Index:
        """What a walk finds that begins after this was asked and reaches back to *oldest* (ms).

        Raises:
            Later: HubSpot cannot be read now.
            LeaseLost, Stopping: see `Calls.depart`.

        """
        found: asyncio.Future[Index] = asyncio.get_running_loop().create_future()
        self._asking.append((oldest, found))
        if self._walking is None:
            self._walking = asyncio.create_task(self._walk_for_all())
        return await found

    async def _walk_for_all(self) -> None:
        try:
            while self._asking:
                asking, self._asking = self._asking, []
                try:
                    index = await self._walk(min(oldest for oldest, _ in asking) - MARGIN)
                except (CampaignsError, Exception) as error:  # noqa: BLE001 - each who asked decides what it means
                    for _, found in asking:
                        if not found.done():
                            found.set_exception(error)
                    continue
                for _, found in asking:
                    if not found.done():
                        found.set_result(index)
        finally:
            self._walking = None

    async def _walk(self, oldest: int) -> Index:
        index = Index(self._marker_property)
        for _ in range(MOST_WALKS):
            state: walk.Walk | walk.Again | walk.Complete = walk.begin(oldest)
            while isinstance(state, walk.Walk):
                request = wire.find(
                    sort=walk.SORT, limit=wire.MOST_ON_A_PAGE, after=state.after, properties=index.properties
                )
                page = await self._calls.read(request)
                index.learn_all(page.results)
                state = walk.feed(state, page)
            if isinstance(state, walk.Complete):
                return index
        raise Later("the portal's campaigns change faster than they can be walked")
