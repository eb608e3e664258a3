"""Before each scrape: what stands where is counted, unless somebody has just asked."""

import asyncio
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry

from campaigns.errors import Unavailable
from campaigns.health import Census
from campaigns.observe import CensusMetrics
from campaigns.settings import Settings
from campaigns.store.counting import Counting
from campaigns.store.vitals import Vitals
from service.health import DEADLINE

FRESH: Final = 5.0
"""Seconds for which a count is shown again: several who scrape cost Redis no more than one; no alert is as quick."""


class Scrapes:
    """Counts for those who scrape; one that comes while Redis is away sees no gauges of what stands where.

    Args:
        settings: name the portals and callers.
        counting: counts.
        vitals: knows how Redis is.
        registry: shows it.
        monotonic: seconds, from a clock that never jumps.

    """

    def __init__(
        self,
        settings: Settings,
        counting: Counting,
        vitals: Vitals,
        registry: CollectorRegistry,
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._counting = counting
        self._vitals = vitals
        windows = {portal: told.limit.per_window for portal, told in settings.portals.items()}
        self._metrics = CensusMetrics(registry, windows)
        self._monotonic = monotonic
        self._fresh_until = 0.0

    async def count(self) -> None:
        """Bring the gauges up to date."""
        if self._monotonic() < self._fresh_until:
            return
        census = await self._census()
        self._metrics.counted(census, safe=census is not None and await self._safe())
        if census is not None:
            self._fresh_until = self._monotonic() + FRESH

    async def _census(self) -> Census | None:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._counting.census(self._settings.portals, self._settings.callers)
        except (Unavailable, TimeoutError):
            return None

    async def _safe(self) -> bool:
        try:
            async with asyncio.timeout(DEADLINE):
                await self._vitals.check()
                await self._vitals.admit()
        except (Unavailable, TimeoutError):
            return False
        return True
