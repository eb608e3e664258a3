"""Callbacks that are due: claimed by whoever delivers them, and what became of each."""

import zlib
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
    """Callbacks to deliver.

    Attributes:
        now: Redis's time.
        next_due: when the next one is due; None: not until told.
        unreadable: runs that only a newer version of this program can read; they are due again after `COMES_BACK`.

    """

    now: int
    next_due: int | None
    due: tuple[Due, ...]
    unreadable: tuple[str, ...] = ()


class Tried(msgspec.Struct, frozen=True):
    """What became of one delivery.

    Attributes:
        sequence: the number of the status that was posted: says nothing about a newer one of the same run.
        outcome: delivered; parked until somebody replays it; due again after *span* ms; or untried, and due then.
        problem: what went wrong, for whoever looks at callbacks.

    """

    run: str
    sequence: int
    outcome: Literal["delivered", "parked", "due", "untried"]
    span: int = 0
    problem: str = ""


class Callbacks:
    """The callbacks of ended runs."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def claim(self, most: int) -> ClaimedCallbacks:
        """Up to *most* callbacks whose time has come."""
        now, next_due, *flat = await self._scripts.run("claim_callbacks", most, COMES_BACK)
        due, unreadable = [], []
        for i in range(0, len(flat), 2):
            fields = records.pairs(flat[i + 1])
            try:
                due.append(Due(records.read(fields), records.ended(fields)))
            except (KeyError, ValueError, zlib.error):
                unreadable.append(flat[i].decode())
        return ClaimedCallbacks(now, next_due if next_due >= 0 else None, tuple(due), tuple(unreadable))

    async def save(self, tried: Sequence[Tried]) -> None:
        """Save what became of deliveries; one whose status is delivered or outdated meanwhile is passed over."""
        told = ((one.run, one.sequence, one.outcome, one.span, one.problem) for one in tried)
        await self._scripts.run("save_callbacks", *(part for one in told for part in one))

    async def leave(self) -> bool:
        """Whoever delivered callbacks goes; whether the notify job must be enqueued for what is due."""
        return bool(await self._scripts.run("yield_callbacks"))
