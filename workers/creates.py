"""Creates of one portal, alone or in batches: known by their markers, and looked up before any is sent again."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from campaigns.errors import CampaignsError
from campaigns.hubspot import batch, wire
from campaigns.hubspot.batch import Trouble
from campaigns.hubspot.types import BatchAnswer, Campaign
from campaigns.hubspot.wire import Request
from campaigns.model import Run, Step
from campaigns.signing import Signing, marker_of
from campaigns.states import Receipt, Sent
from campaigns.wishes import CreateCampaign
from workers.absences import Absences
from workers.batches import Asked, Batches, Kind
from workers.calls import Calls
from workers.lookup import Lookup


class Came(msgspec.Struct, frozen=True):
    """What a step's call came to.

    Attributes:
        at: the attempt: when the call was journalled.

    """

    at: int
    outcome: Receipt | CampaignsError


class _Wanted(msgspec.Struct, frozen=True):
    run: Run
    step: Step


class _Creating(Kind[_Wanted, BatchAnswer[Campaign], Campaign]):
    """Names in a batch differ."""

    def __init__(self, lookup: Lookup, signing: Signing, absences: Absences) -> None:
        self._lookup = lookup
        self._signing = signing
        self._absences = absences

    def differs(self, wish: _Wanted) -> str:
        return properties_of(wish.step)["hs_name"].strip()

    def alone(self, wish: _Wanted, at: int) -> Request[Campaign]:
        return wire.create(self._signed(wish, at))

    def many(self, wishes: Sequence[_Wanted], at: int) -> Request[BatchAnswer[Campaign]]:
        return wire.create_many([self._signed(wish, at) for wish in wishes])

    def outcomes(
        self, wishes: Sequence[_Wanted], at: int, came: BatchAnswer[Campaign] | Trouble
    ) -> Sequence[Campaign | Trouble]:
        told = [batch.Wish(properties_of(wish.step)["hs_name"], str(marker_of(wish.run, at))) for wish in wishes]
        return batch.outcomes(told, came)

    async def made(self, wishes: Sequence[_Wanted], at: int) -> list[Campaign | None]:
        """One walk for all; what it does not show may appear yet, so it leaves a ghost."""
        index = await self._lookup.look(at)
        found = [next((one.campaign for one in index.find(wish.run.id) if one.attempt == at), None) for wish in wishes]
        absent = (wish for wish, campaign in zip(wishes, found, strict=True) if campaign is None)
        await asyncio.gather(*(self._absences.declare(wish.run, wish.step.name, at) for wish in absent))
        return found

    def _signed(self, wish: _Wanted, attempt: int) -> dict[str, str]:
        return self._signing.signed(properties_of(wish.step), marker_of(wish.run, attempt))


class Creates:
    """The creates of one portal.

    Args:
        left: is told how many campaigns each call creates.

    """

    def __init__(
        self, calls: Calls, lookup: Lookup, signing: Signing, absences: Absences, left: Callable[[int], None]
    ) -> None:
        self._ranks = calls.ranks
        self._batches = Batches(calls, _Creating(lookup, signing, absences), left)

    async def create(self, run: Run, step: Step, sent: Sent) -> Came:
        """Create the step's campaign, alone or with others.

        Raises:
            LeaseLost, Parked, Recalled, Stopping: see `Calls.depart`.

        """
        wanted = Asked(_Wanted(run, step), lambda: self._ranks.of(run), run, ((run, step.name, sent),))
        told = await self._batches.ask(wanted)
        if isinstance(told.outcome, CampaignsError):
            return Came(told.at, told.outcome)
        return Came(told.at, Receipt(told.outcome.id, adopted=told.found))


def properties_of(step: Step) -> dict[str, str]:
    """The properties of the campaign that a step makes."""
    if not isinstance(step.wish, CreateCampaign):
        raise TypeError(f"{step.name} creates no campaign")
    return step.wish.properties
