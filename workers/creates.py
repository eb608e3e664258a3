"""Creates of one portal, gathered into batches: what waits when a place is granted leaves together."""

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Final

import msgspec

from campaigns.errors import CampaignsError, InDoubt, Later, Refused
from campaigns.hubspot import batch, wire
from campaigns.hubspot.types import BatchAnswer, Campaign
from campaigns.model import PRIORITIES, Run, Step
from campaigns.signing import Signing, marker_of
from campaigns.states import Receipt, Sent
from campaigns.wishes import CreateCampaign
from workers.calls import READ, Calls, Departed, Recalled, Steps
from workers.lookup import Lookup

NEXT_AFTER: Final = 1.0
"""Seconds that a batch may be out before the next one leaves: meanwhile what arrives gathers."""


class Came(msgspec.Struct, frozen=True):
    """What a step's call came to.

    Attributes:
        at: the attempt: when the call was journalled.

    """

    at: int
    outcome: Receipt | CampaignsError


class _Wanted(msgspec.Struct, eq=False):
    run: Run
    step: Step
    sent: Sent
    came: asyncio.Future[Came]

    @property
    def name(self) -> str:
        return properties_of(self.step)["hs_name"].strip()


class Creates:
    """The creates of one portal.

    Args:
        left: is told how many campaigns each call creates.

    """

    def __init__(self, calls: Calls, lookup: Lookup, signing: Signing, left: Callable[[int], None]) -> None:
        self._calls = calls
        self._lookup = lookup
        self._signing = signing
        self._left = left
        self._waiting: list[_Wanted] = []
        self._refused: list[list[_Wanted]] = []  # halves of batches that were refused as a whole
        self._leaving: asyncio.Task[None] | None = None
        self._out: set[asyncio.Task[None]] = set()

    async def create(self, run: Run, step: Step, sent: Sent) -> Came:
        """Create the step's campaign, alone or with others.

        Raises:
            LeaseLost, Recalled, Stopping: see `Calls.depart`.

        """
        wanted = _Wanted(run, step, sent, asyncio.get_running_loop().create_future())
        self._waiting.append(wanted)
        self._calls.stir()  # what waits to leave may have become more urgent
        self._begin()
        return await wanted.came

    def _begin(self) -> None:
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave())

    async def _leave(self) -> None:
        try:
            while group := self._group():
                try:
                    departed = await self._calls.depart(self._rank, self._steps)
                except Recalled as recalled:
                    _fail(self._take(recalled.runs), recalled)
                    continue
                except Exception as error:  # noqa: BLE001 - each of them decides what it means
                    self._remove(group)
                    _fail(group, error)
                    continue
                group = self._take({run.id for run, _, _ in departed.steps})
                self._left(len(group))
                out = asyncio.create_task(self._carry(departed, group))
                self._out.add(out)
                out.add_done_callback(self._out.discard)
                await asyncio.wait({out}, timeout=NEXT_AFTER)
        finally:
            self._leaving = None

    def _group(self) -> list[_Wanted]:
        """What would leave now: the most urgent that wait, no two of the same name."""
        if self._refused:
            return self._refused[0]
        group: dict[str, _Wanted] = {}
        for wanted in sorted(self._waiting, key=_rank):
            group.setdefault(wanted.name, wanted)
            if len(group) == wire.MOST_IN_A_BATCH:
                break
        return list(group.values())

    def _rank(self) -> int:
        return min(map(_rank, self._group()), default=READ)

    def _steps(self) -> Steps:
        return tuple((wanted.run, wanted.step.name, wanted.sent) for wanted in self._group())

    def _take(self, runs: AbstractSet[str]) -> list[_Wanted]:
        """What waits for *runs*, which waits no more."""
        group = [wanted for wanted in (*chain.from_iterable(self._refused), *self._waiting) if wanted.run.id in runs]
        self._remove(group)
        return group

    def _remove(self, group: list[_Wanted]) -> None:
        gone = set(map(id, group))
        self._waiting = [wanted for wanted in self._waiting if id(wanted) not in gone]
        rest = ([wanted for wanted in part if id(wanted) not in gone] for part in self._refused)
        self._refused = [part for part in rest if part]

    async def _carry(self, departed: Departed, group: list[_Wanted]) -> None:
        try:
            if len(group) == 1:
                await self._carry_one(departed, group[0])
            else:
                await self._carry_many(departed, group)
        except Exception as error:  # noqa: BLE001 - each of them decides what it means
            _fail(group, error)

    def _signed(self, wanted: _Wanted, attempt: int) -> dict[str, str]:
        return self._signing.signed(properties_of(wanted.step), marker_of(wanted.run, attempt))

    async def _carry_one(self, departed: Departed, wanted: _Wanted) -> None:
        try:
            campaign = await self._calls.carry(departed, wire.create(self._signed(wanted, departed.at)))
        except CampaignsError as error:
            _tell(wanted, Came(departed.at, error))
        else:
            _tell(wanted, Came(departed.at, Receipt(campaign.id)))

    async def _carry_many(self, departed: Departed, group: list[_Wanted]) -> None:
        told = [self._signed(wanted, departed.at) for wanted in group]
        came: BatchAnswer[Campaign] | Refused | Later | InDoubt
        try:
            came = await self._calls.carry(departed, wire.create_many(told))
        except (Refused, Later, InDoubt) as error:
            came = error
        if isinstance(came, Refused):
            await self._bisect(departed, group)
            return
        wishes = [
            batch.Wish(name=properties["hs_name"], marker=str(marker_of(wanted.run, departed.at)))
            for wanted, properties in zip(group, told, strict=True)
        ]
        for wanted, outcome in zip(group, batch.outcomes(wishes, came), strict=True):
            receipt = Receipt(outcome.id) if isinstance(outcome, Campaign) else outcome
            _tell(wanted, Came(departed.at, receipt))

    async def _bisect(self, departed: Departed, group: list[_Wanted]) -> None:
        """Send a refused batch again in halves, less those that were made nevertheless: one item may be at fault."""
        index = await self._lookup.look(departed.at)
        left: list[_Wanted] = []
        for wanted in group:
            found = index.find(wanted.run.id)
            if found:
                _tell(wanted, Came(departed.at, Receipt(found[0].campaign.id, adopted=True)))
            else:
                left.append(wanted)
        parts = batch.halves(left) if len(left) > 1 else (left,)
        self._refused += [list(part) for part in parts if part]
        self._begin()


def rank_of(run: Run) -> int:
    """Where the run's calls stand among the portal's: behind looks, by priority."""
    return 1 + PRIORITIES.index(run.trigger.priority)


def _rank(wanted: _Wanted) -> int:
    return rank_of(wanted.run)


def properties_of(step: Step) -> dict[str, str]:
    """The properties of the campaign that a step makes."""
    if not isinstance(step.wish, CreateCampaign):
        raise TypeError(f"{step.name} creates no campaign")
    return step.wish.properties


def _tell(wanted: _Wanted, came: Came) -> None:
    if not wanted.came.done():
        wanted.came.set_result(came)


def _fail(group: list[_Wanted], error: Exception) -> None:
    for wanted in group:
        if not wanted.came.done():
            wanted.came.set_exception(error)
