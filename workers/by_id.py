"""Reads, updates and removals of campaigns that are known by their ids, alone or in batches."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from campaigns.errors import CampaignsError, InDoubt, Problem, Refused
from campaigns.hubspot import batch, wire
from campaigns.hubspot.batch import Trouble
from campaigns.hubspot.types import BatchAnswer, Campaign, CampaignWithAssets
from campaigns.hubspot.wire import Request
from campaigns.model import Run
from campaigns.states import Sent
from workers.batches import Asked, Batches, Kind, Told
from workers.calls import Calls
from workers.ranks import READ

GONE: Final = 404
NOT_FOUND: Final = "OBJECT_NOT_FOUND"
"""The category of what is not there; an item of a batch has no status."""


class _Known(msgspec.Struct, frozen=True):
    campaign: str


K = TypeVar("K", bound=_Known)
C = TypeVar("C", bound=Campaign)


class _Answered(Kind[K, BatchAnswer[C], C]):
    """No campaign is named twice by one batch, whose results are matched by their ids."""

    def differs(self, wish: K) -> str:
        return wish.campaign

    def outcomes(self, wishes: Sequence[K], at: int, came: BatchAnswer[C] | Trouble) -> Sequence[C | Trouble]:  # noqa: ARG002
        return batch.outcomes([batch.Wish(campaign=wish.campaign) for wish in wishes], came)


class _Read(_Known, frozen=True):
    properties: tuple[str, ...]


class _Reading(_Answered[_Read, CampaignWithAssets]):
    """A batch asks for the same properties of all its campaigns."""

    def shares(self, wish: _Read) -> Hashable:
        return wish.properties

    def alone(self, wish: _Read, at: int) -> Request[CampaignWithAssets]:  # noqa: ARG002 - a read is of no attempt
        return wire.read(wish.campaign, wish.properties)

    def many(self, wishes: Sequence[_Read], at: int) -> Request[BatchAnswer[CampaignWithAssets]]:  # noqa: ARG002
        return wire.read_many([wish.campaign for wish in wishes], wishes[0].properties)


class Reads:
    """The reads of single campaigns of one portal; *left* is told how many each call reads."""

    def __init__(self, calls: Calls, left: Callable[[int], None]) -> None:
        self._calls = calls
        self._batches = Batches(calls, _Reading(), left)

    async def read(self, campaign: str, properties: Sequence[str] = (), run: Run | None = None) -> CampaignWithAssets:
        """A campaign and the first page of its assets of each type; *run* is the one for which it is asked.

        What a batch does not show is asked for alone: it may show what is new only after a while.

        Raises:
            Refused: there is none (404), or HubSpot says why not.
            Later: HubSpot cannot be read now.
            LeaseLost, Stopping: see `Calls.depart`.

        """
        asked = tuple(properties)
        return await self._shown(await self._ask(campaign, asked, run), campaign, asked, run)

    async def gone(self, campaign: str, run: Run | None = None) -> bool:
        """Whether a campaign that HubSpot says it has removed is not there any more; raises as `read`."""
        told = await self._ask(campaign, (), run)
        if isinstance(told.outcome, Refused) and _says_gone(told.outcome.problem):
            return True
        try:
            await self._shown(told, campaign, (), run)
        except Refused as refusal:
            if not _says_gone(refusal.problem):
                raise
            return True
        return False

    async def _ask(self, campaign: str, properties: tuple[str, ...], run: Run | None) -> Told[CampaignWithAssets]:
        return await self._batches.ask(Asked(_Read(campaign, properties), lambda: READ, run))

    async def _shown(
        self, told: Told[CampaignWithAssets], campaign: str, properties: tuple[str, ...], run: Run | None
    ) -> CampaignWithAssets:
        if isinstance(told.outcome, Refused | InDoubt) and not told.alone:
            return await self._calls.read(wire.read(campaign, properties), run)
        if isinstance(told.outcome, CampaignsError):
            raise told.outcome
        return told.outcome


class _Update(_Known, frozen=True):
    changes: Mapping[str, str]


class _Updating(_Answered[_Update, Campaign]):
    def alone(self, wish: _Update, at: int) -> Request[Campaign]:  # noqa: ARG002 - it bears no attempt
        return wire.update(wish.campaign, wish.changes)

    def many(self, wishes: Sequence[_Update], at: int) -> Request[BatchAnswer[Campaign]]:  # noqa: ARG002
        return wire.update_many({wish.campaign: wish.changes for wish in wishes})


class Updates:
    """The changes of campaigns of one portal; *left* is told how many each call changes."""

    def __init__(self, calls: Calls, left: Callable[[int], None]) -> None:
        self._ranks = calls.ranks
        self._batches = Batches(calls, _Updating(), left)

    async def update(
        self, run: Run, step: str, sent: Sent, campaign: str, changes: Mapping[str, str]
    ) -> Told[Campaign]:
        """Overwrite these properties, for a step that is saved as *sent* before; raises as `Creates.create`."""
        wish = _Update(campaign, changes)
        return await self._batches.ask(Asked(wish, lambda: self._ranks.of(run), run, ((run, step, sent),)))


class _Removing(Kind[str, None, None]):
    """HubSpot grants a removal whatever becomes of it, of a batch even if it has removed a part of it."""

    def differs(self, wish: str) -> str:
        return wish

    def alone(self, wish: str, at: int) -> Request[None]:  # noqa: ARG002 - it bears no attempt
        return wire.delete(wish)

    def many(self, wishes: Sequence[str], at: int) -> Request[None]:  # noqa: ARG002
        return wire.archive_many(wishes)

    def outcomes(self, wishes: Sequence[str], at: int, came: Trouble | None) -> Sequence[Trouble | None]:  # noqa: ARG002
        return [came] * len(wishes)


class Removals:
    """The removals of campaigns of one portal; *left* is told how many each call removes."""

    def __init__(self, calls: Calls, left: Callable[[int], None]) -> None:
        self._ranks = calls.ranks
        self._batches = Batches(calls, _Removing(), left)

    async def remove(self, run: Run, step: str, sent: Sent, campaign: str) -> Told[None]:
        """Have a campaign removed; whether it is, only a read tells (`Reads.gone`). Raises as `Creates.create`."""
        return await self._batches.ask(Asked(campaign, lambda: self._ranks.of(run), run, ((run, step, sent),)))


def _says_gone(problem: Problem) -> bool:
    return problem.status == GONE or problem.category == NOT_FOUND
