"""Callbacks that are due: claimed by whoever delivers them, and what became of each."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from campaigns.keys import SECOND
from campaigns.model import Stored
from campaigns.store import records
from campaigns.store.records import Ended
from campaigns.store.scripts import Scripts

COMES_BACK: Final = 15 * SECOND
"""A claimed callback of a dead process is due again after this; longer than a delivery may take."""


class Due(msgspec.Struct, frozen=True):
    """A run whose final status is to be posted now."""

    stored: Stored
    ended: Ended


class ClaimedCallbacks(msgspec.Struct, frozen=True):
    """Callbacks to deliver, and when the next one is due; None: not until told."""

    now: int
    next_due: int | None
    due: tuple[Due, ...]


class Tried(msgspec.Struct, frozen=True):
    """What became of one delivery: delivered; parked until somebody replays it; or due again after *span* ms."""

    run: str
    outcome: Literal["delivered", "parked", "due"]
    span: int = 0


class Callbacks:
    """The callbacks of ended runs."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def claim(self, most: int) -> ClaimedCallbacks:
        """Up to *most* callbacks whose time has come."""
        now, next_due, *flat = await self._scripts.run("claim_callbacks", most, COMES_BACK)
        found = [records.pairs(flat[i]) for i in range(1, len(flat), 2)]
        due = tuple(Due(records.read(fields), records.ended(fields)) for fields in found)
        return ClaimedCallbacks(now=now, next_due=next_due if next_due >= 0 else None, due=due)

    async def save(self, tried: Sequence[Tried]) -> None:
        """Save what became of deliveries."""
        await self._scripts.run("save_callbacks", *(part for one in tried for part in (one.run, one.outcome, one.span)))

    async def leave(self) -> bool:
        """Whoever delivered callbacks goes; whether the notify job must be enqueued for what is due."""
        return bool(await self._scripts.run("yield_callbacks"))
