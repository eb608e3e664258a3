"""Counts what stands where in Redis, for operators: one script, some microseconds a portal."""

from collections.abc import Iterable
from typing import Any

import msgspec

from campaigns.health import Census, PortalCount
from campaigns.store.scripts import Scripts


class _Told(msgspec.Struct, frozen=True):
    """What the script answers. Lua's numbers are doubles, which JSON may write with an exponent."""

    now: float
    first_due: float
    callbacks: float
    first_callback: float
    parked: float
    portals: Any  # Lua has one empty table for both: none may be {} instead of []


class Counting:
    """Counts whenever it is asked."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def census(self, portals: Iterable[str], callers: Iterable[str]) -> Census:
        """What stands where, on *portals* and of *callers*."""
        names = tuple(portals)
        told = msgspec.json.decode(await self._scripts.run("census", len(names), *names, *callers), type=_Told)
        counts = msgspec.convert(list(told.portals), list[PortalCount], strict=False)
        return Census(
            now=int(told.now),
            first_due=int(told.first_due),
            callbacks=int(told.callbacks),
            first_callback=int(told.first_callback),
            parked=int(told.parked),
            portals=dict(zip(names, counts, strict=True)),
        )
