"""Calls of one kind to a portal, gathered into batches: what waits when a place is granted leaves together.

A batch that is not full lets the other calls of its priority go first, for a while: they end runs, and runs that end
make room for those that fill it.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

import msgspec

from campaigns.errors import CampaignsError, InDoubt, Later, Refused
from campaigns.hubspot import batch
from campaigns.hubspot.batch import Trouble
from campaigns.hubspot.wire import MOST_IN_A_BATCH, Request
from campaigns.model import Run
from workers.calls import Calls, Departed, Recalled, Steps
from workers.ranks import READ

W = TypeVar("W")
A = TypeVar("A")
R = TypeVar("R")

NEXT_AFTER: Final = 1.0
"""Seconds that a batch may be out before the next one leaves: meanwhile what arrives gathers."""

FILLS_FOR: Final = 10.0
"""Seconds for which a batch lets others go first: one window of HubSpot's; all runs in hand get a call in it."""


class Kind(ABC, Generic[W, A, R]):
    """The rules of one kind of batch: of wishes W, answered as a whole by an A, for each wish by an R."""

    @abstractmethod
    def differs(self, wish: W) -> str:
        """What no two wishes of a batch have in common."""

    def shares(self, _: W) -> Hashable:
        """What all wishes of a batch have in common."""
        return None

    @abstractmethod
    def alone(self, wish: W, at: int) -> Request[R]:
        """The call for one wish, journalled *at* that time."""

    @abstractmethod
    def many(self, wishes: Sequence[W], at: int) -> Request[A]:
        """The call for several."""

    @abstractmethod
    def outcomes(self, wishes: Sequence[W], at: int, came: A | Trouble) -> Sequence[R | Trouble]:
        """What became of each."""

    async def made(self, wishes: Sequence[W], at: int) -> Sequence[R | None]:  # noqa: ARG002 - others look
        """What a call that was refused as a whole has done nevertheless; what it has not is then asked for again.

        By default nothing is looked for: what may be repeated is.
        """
        return [None] * len(wishes)


class Asked(msgspec.Struct, Generic[W], frozen=True):
    """One wish.

    Attributes:
        rank: where it stands among the portal's calls; asked anew whenever something may leave.
        run: for which it is.
        steps: what is journalled before it leaves; nothing for a read.

    """

    wish: W
    rank: Callable[[], int]
    run: Run | None
    steps: Steps = ()


class Told(msgspec.Struct, Generic[R], frozen=True):
    """What became of a wish.

    Attributes:
        at: when its call was journalled.
        alone: its call was for nothing else.
        found: the call was refused, and it was done nevertheless.

    """

    at: int
    outcome: R | CampaignsError
    alone: bool = True
    found: bool = False


class _Member(msgspec.Struct, Generic[W, R], eq=False):
    asked: Asked[W]
    told: asyncio.Future[Told[R]]

    def tell(self, told: Told[R]) -> None:
        if not self.told.done():
            self.told.set_result(told)

    def fail(self, error: Exception) -> None:
        if not self.told.done():
            self.told.set_exception(error)


class Batches(Generic[W, A, R]):
    """The calls of one kind to one portal.

    Args:
        left: is told how many wishes each call is for.

    """

    def __init__(self, calls: Calls, kind: Kind[W, A, R], left: Callable[[int], None] = lambda _: None) -> None:
        self._calls = calls
        self._kind = kind
        self._left = left
        self._waiting: list[_Member[W, R]] = []
        self._refused: list[list[_Member[W, R]]] = []  # halves of batches that were refused as a whole
        self._closed: list[_Member[W, R]] = []
        self._leaving: asyncio.Task[None] | None = None
        self._out: set[asyncio.Task[None]] = set()

    async def ask(self, asked: Asked[W]) -> Told[R]:
        """Ask for what is wished, alone or with others.

        Raises:
            LeaseLost, Parked, Recalled, Stopping: see `Calls.depart`.

        """
        member: _Member[W, R] = _Member(asked, asyncio.get_running_loop().create_future())
        self._waiting.append(member)
        self._calls.stir()  # what waits to leave may have become more urgent
        self._begin()
        return await member.told

    def _begin(self) -> None:
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave())

    async def _leave(self) -> None:
        try:
            while self._group():
                out = await self._let_one_leave()
                if out is not None:
                    await asyncio.wait({out}, timeout=NEXT_AFTER)
        finally:
            self._leaving = None

    async def _let_one_leave(self) -> asyncio.Task[None] | None:
        since = asyncio.get_running_loop().time()
        try:
            departed = await self._calls.depart(self._rank, self._close, lambda: self._fills(since))
        except Recalled as recalled:
            self._fail([member for member in self._closed if _run_of(member) in recalled.runs], recalled)
            return None
        except Exception as error:  # noqa: BLE001 - each of them decides what it means
            self._fail(self._group(), error)
            return None
        self._remove(self._closed)
        self._left(len(self._closed))
        out = asyncio.create_task(self._carry(departed, self._closed))
        self._out.add(out)
        out.add_done_callback(self._out.discard)
        return out

    def _group(self) -> list[_Member[W, R]]:
        """What would leave now."""
        return self._half() or batch.together(
            sorted(self._waiting, key=_rank_of),
            differs=lambda member: self._kind.differs(member.asked.wish),
            shares=lambda member: self._kind.shares(member.asked.wish),
        )

    def _half(self) -> list[_Member[W, R]] | None:
        """The most urgent half; None if there is none, or something that waits is more urgent."""
        half = min(self._refused, key=_best_of, default=None)
        if half and self._waiting and _best_of(self._waiting) < _best_of(half):
            return None
        return half

    def _rank(self) -> int:
        return _best_of(self._half() or self._waiting)

    def _close(self) -> Steps:
        self._closed = self._group()
        return tuple(step for member in self._closed for step in member.asked.steps)

    def _fills(self, since: float) -> bool:
        """Whether it is worth while to wait for more, when others want to leave."""
        if self._half() or asyncio.get_running_loop().time() - since >= FILLS_FOR:
            return False
        return len(self._waiting) < MOST_IN_A_BATCH or len(self._group()) < MOST_IN_A_BATCH

    def _fail(self, group: Sequence[_Member[W, R]], error: Exception) -> None:
        self._remove(group)
        for member in group:
            member.fail(error)

    def _remove(self, group: Sequence[_Member[W, R]]) -> None:
        gone = set(map(id, group))
        self._waiting = [member for member in self._waiting if id(member) not in gone]
        rest = ([member for member in part if id(member) not in gone] for part in self._refused)
        self._refused = [part for part in rest if part]

    async def _carry(self, departed: Departed, group: list[_Member[W, R]]) -> None:
        try:
            if len(group) == 1:
                await self._carry_one(departed, group[0])
            else:
                await self._carry_many(departed, group)
        except Exception as error:  # noqa: BLE001 - each of them decides what it means
            self._fail(group, error)

    async def _carry_one(self, departed: Departed, member: _Member[W, R]) -> None:
        outcome: R | CampaignsError
        try:
            outcome = await self._calls.carry(
                departed, self._kind.alone(member.asked.wish, departed.at), _runs([member])
            )
        except CampaignsError as error:
            outcome = error
        member.tell(Told(departed.at, outcome))

    async def _carry_many(self, departed: Departed, group: list[_Member[W, R]]) -> None:
        wishes = [member.asked.wish for member in group]
        came: A | Trouble
        try:
            came = await self._calls.carry(departed, self._kind.many(wishes, departed.at), _runs(group))
        except Refused:
            await self._halve(departed, group)
            return
        except (Later, InDoubt) as error:
            came = error
        for member, outcome in zip(group, self._kind.outcomes(wishes, departed.at, came), strict=True):
            member.tell(Told(departed.at, outcome, alone=False))

    async def _halve(self, departed: Departed, group: list[_Member[W, R]]) -> None:
        """Send a refused batch again in halves, less what was done nevertheless: one wish may be at fault."""
        made = await self._kind.made([member.asked.wish for member in group], departed.at)
        left: list[_Member[W, R]] = []
        for member, found in zip(group, made, strict=True):
            if found is None:
                left.append(member)
            else:
                member.tell(Told(departed.at, found, alone=False, found=True))
        parts = batch.halves(left) if len(left) > 1 else (left,)
        self._refused += [list(part) for part in parts if part]
        self._calls.stir()
        self._begin()


def _run_of(member: _Member[W, R]) -> str | None:
    return member.asked.run.id if member.asked.run else None


def _runs(group: Sequence[_Member[W, R]]) -> list[Run]:
    return [member.asked.run for member in group if member.asked.run]


def _rank_of(member: _Member[W, R]) -> int:
    return member.asked.rank()


def _best_of(group: Sequence[_Member[W, R]]) -> int:
    return min(map(_rank_of, group), default=READ)
