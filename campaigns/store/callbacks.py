"""Callbacks, and messages to operators, that are due: claimed by whoever delivers them, and what became of each."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from campaigns.errors import Conflict, KeyReused, Newer, NotFound
from campaigns.keys import SECOND
from campaigns.model import Stored
from campaigns.parking import Message
from campaigns.store import records
from campaigns.store.scripts import Scripts
from campaigns.store.verbs import Command

COMES_BACK: Final = 15 * SECOND
"""A claimed callback of a dead process is due again after this; longer than a delivery may take."""


MOST_LOOKED_AT: Final = 1_000
"""A page of a caller's callbacks ends after this many of everybody's: a few milliseconds of Redis."""


class Due(msgspec.Struct, frozen=True):
    """What is to be posted now: the final status of a run, or a message to a caller's operators.

    Attributes:
        id: of the run or message.
        what: the run, or the message.
        sequence: the number of the run's status, from 1; a message has only one.
        tries: how often it was posted.
        replayed: when an operator last let it be posted again; 0 never.

    """

    id: str
    what: Stored | Message
    sequence: int
    tries: int
    replayed: int = 0

    @property
    def caller(self) -> str:
        """Whose it is."""
        return self.what.caller if isinstance(self.what, Message) else self.what.run.caller

    @property
    def since(self) -> int:
        """When there was first something to post, or was again (Redis's time)."""
        first = self.what.time if isinstance(self.what, Message) else self.what.ended or 0
        return max(first, self.replayed)


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


class Undelivered(msgspec.Struct, frozen=True):
    """A status or message that its receiver does not have.

    Attributes:
        id: of the run or message.
        at: when it is posted next, or was parked.
        type: such as `run.done` or `portal.delayed`.

    """

    id: str
    at: int
    sequence: int
    type: str
    tries: int
    problem: str


class Replayed(msgspec.Struct, frozen=True):
    """A callback is due again.

    Attributes:
        notify: the job that delivers callbacks must be enqueued.
        again: it was made due before, and nothing is done now.

    """

    notify: bool
    again: bool


class Callbacks:
    """The callbacks of ended runs, and the messages to operators."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def expect(self) -> bool:
        """Some will be due in a moment; whether the notify job must be enqueued, so that somebody is there then."""
        return bool(await self._scripts.run("expect_callbacks"))

    async def claim(self, most: int) -> ClaimedCallbacks:
        """Up to *most* whose time has come."""
        now, next_due, *flat = await self._scripts.run("claim_callbacks", most, COMES_BACK)
        due, unreadable = [], []
        for i in range(0, len(flat), 2):
            identity = flat[i].decode()
            try:
                due.append(_due(identity, records.pairs(flat[i + 1])))
            except (Newer, KeyError, ValueError, zlib.error):
                unreadable.append(identity)
        return ClaimedCallbacks(now, next_due if next_due >= 0 else None, tuple(due), tuple(unreadable))

    async def save(self, tried: Sequence[Tried]) -> None:
        """Save what became of deliveries; one whose status is delivered or outdated meanwhile is passed over."""
        told = ((one.id, one.sequence, one.outcome, one.span, one.problem) for one in tried)
        await self._scripts.run("save_callbacks", *(part for one in told for part in one))

    async def undelivered(
        self, caller: str, state: Literal["due", "parked"], *, after: int, limit: int
    ) -> tuple[tuple[Undelivered, ...], int | None]:
        """Up to *limit* of what *caller* has not got, and the *after* of the next page; None at the end.

        A page may be short though more follow, and may miss what changes meanwhile.
        """
        told = await self._scripts.run("list_callbacks", state, caller, after, MOST_LOOKED_AT, limit)
        following, *flat = told
        found = (
            Undelivered(identity.decode(), int(float(at)), int(sequence), kind.decode(), int(tries), problem.decode())
            for identity, at, sequence, kind, tries, problem in (flat[i : i + 6] for i in range(0, len(flat), 6))
        )
        return tuple(found), following if following >= 0 else None

    async def replay(self, identity: str, sequence: int | None, command: Command, *, whose: str | None) -> Replayed:
        """Let a status or message be posted again, delivered or not.

        Args:
            identity: of its run, or its own.
            sequence: number of the run's status; None for whichever there is.
            command: who wants it.
            whose: the caller whose it must be; None for anybody's.

        Raises:
            NotFound: there is none.
            Conflict: the run has a newer status.
            KeyReused: the command's key names another command.

        """
        told = (identity, sequence or "", whose or "", command.by, command.once, command.mark)
        outcome, notify, again = await self._scripts.run("replay", *told)
        match outcome:
            case b"missing":
                raise NotFound("there is no such callback")
            case b"outdated":
                raise Conflict("the run has a newer status than this")
            case b"reused":
                raise KeyReused("this key already names another command")
            case _:
                return Replayed(notify=bool(notify), again=bool(again))

    async def leave(self) -> bool:
        """Whoever delivered callbacks goes; whether the notify job must be enqueued for what is due."""
        return bool(await self._scripts.run("yield_callbacks"))


def _due(identity: str, fields: Mapping[str, bytes]) -> Due:
    kept = records.ended(fields)
    what = records.message(identity, fields) if "type" in fields else records.read(fields)
    return Due(identity, what, kept.posted, kept.tries, int(fields.get("callback_since", 0)))
