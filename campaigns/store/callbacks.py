"""Callbacks, and messages to operators, that are due: claimed by whoever delivers them, and what became of each."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from campaigns.keys import SECOND
from campaigns.model import Stored
from campaigns.parking import Message
from campaigns.store import records
from campaigns.store.scripts import Scripts

COMES_BACK: Final = 15 * SECOND
"""A claimed callback of a dead process is due again after this; longer than a delivery may take."""


class Due(msgspec.Struct, frozen=True):
    """What is to be posted now: the final status of a run, or a message to a caller's operators.

    Attributes:
        id: of the run or message.
        what: the run, or the message.
        sequence: the number of the run's status, from 1; a message has only one.
        tries: how often it was posted.

    """

    id: str
    what: Stored | Message
    sequence: int
    tries: int

    @property
    def caller(self) -> str:
        """Whose it is."""
        return self.what.caller if isinstance(self.what, Message) else self.what.run.caller

    @property
    def since(self) -> int:
        """When there was first something to post (Redis's time)."""
        return self.what.time if isinstance(self.what, Message) else self.what.ended or 0


class ClaimedCallbacks(msgspec.Struct, frozen=True):
    """Callbacks to deliver.

    Attributes:
        now: Redis's time.
        next_due: when the next one is due; None: not until told.
        unreadable: what only a newer version of this program can read; it is due again after `COMES_BACK`.

    """

    now: int
    next_due: int | None
    due: tuple[Due, ...]
    unreadable: tuple[str, ...] = ()


class Tried(msgspec.Struct, frozen=True):
    """What became of one delivery.

    Attributes:
        sequence: the number of the status that was posted: says nothing about a newer one of the same run.
        outcome: delivered; unwanted, for want of an address; parked until somebody replays it; due again after *span*
            ms; or untried, and due then.
        problem: what went wrong, for whoever looks at callbacks.

    """

    id: str
    sequence: int
    outcome: Literal["delivered", "unwanted", "parked", "due", "untried"]
    span: int = 0
    problem: str = ""


class Callbacks:
    """The callbacks of ended runs, and the messages to operators."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def claim(self, most: int) -> ClaimedCallbacks:
        """Up to *most* whose time has come."""
        now, next_due, *flat = await self._scripts.run("claim_callbacks", most, COMES_BACK)
        due, unreadable = [], []
        for i in range(0, len(flat), 2):
            identity = flat[i].decode()
            try:
                due.append(_due(identity, records.pairs(flat[i + 1])))
            except (KeyError, ValueError, zlib.error):
                unreadable.append(identity)
        return ClaimedCallbacks(now, next_due if next_due >= 0 else None, tuple(due), tuple(unreadable))

    async def save(self, tried: Sequence[Tried]) -> None:
        """Save what became of deliveries; one whose status is delivered or outdated meanwhile is passed over."""
        told = ((one.id, one.sequence, one.outcome, one.span, one.problem) for one in tried)
        await self._scripts.run("save_callbacks", *(part for one in told for part in one))

    async def leave(self) -> bool:
        """Whoever delivered callbacks goes; whether the notify job must be enqueued for what is due."""
        return bool(await self._scripts.run("yield_callbacks"))


def _due(identity: str, fields: Mapping[str, bytes]) -> Due:
    kept = records.ended(fields)
    what = records.message(identity, fields) if "type" in fields else records.read(fields)
    return Due(identity, what, kept.posted, kept.tries)
