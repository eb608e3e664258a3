"""What each kind of step does towards HubSpot, and how it is looked for when its answer is missing."""

from collections.abc import Awaitable
from typing import Final, TypeVar, assert_never

import msgspec

from campaigns import keys
from campaigns.errors import CampaignsError, Later, Refused
from campaigns.hubspot import wire
from campaigns.hubspot.asset_types import advice_on_refusal
from campaigns.hubspot.index import Index
from campaigns.hubspot.types import ItemFields
from campaigns.hubspot.wire import Request
from campaigns.model import Run, Step, Stored, Subject
from campaigns.signing import Signing, marker_of
from campaigns.states import Receipt, Sent
from campaigns.wishes import (
    AddItem,
    ArchiveCampaign,
    AttachAsset,
    CreateCampaign,
    DetachAssets,
    MendAssets,
    Undo,
    UpdateCampaign,
)
from workers.by_id import GONE, Reads, Removals, Updates
from workers.calls import Calls, Departed
from workers.creates import Came, Creates
from workers.lookup import Lookup
from workers.mending import mend_assets, to_mend
from workers.names import Names, numbered
from workers.undo import STILL_SHOWN, Undoing, campaign_of, find_asset, undo

T = TypeVar("T")


REFUSED_TYPE: Final = 400
"""HubSpot's status for an asset whose type it does not attach; one that is missing is a 404."""


class Ways(msgspec.Struct, frozen=True):
    """The ways to a portal that steps use."""

    calls: Calls
    creates: Creates
    reads: Reads
    updates: Updates
    removals: Removals
    lookup: Lookup
    signing: Signing
    names: Names


async def perform(ways: Ways, run: Run, step: Step, sent: Sent, stored: Stored) -> Came:  # noqa: PLR0911 - one way for each kind
    """Make the step's call; it is saved as *sent* before it leaves. *run* is as it is now, *stored* as it was claimed.

    Raises:
        Later: what must be read before cannot be read now; nothing has left.
        LeaseLost, Stopping: see `Calls.depart`.

    """
    match step.wish:
        case CreateCampaign() as wish:
            return await _create(ways, run, step, wish, sent, stored.accepted)
        case UpdateCampaign() as wish:
            return await _update(ways, run, step, wish, sent, stored.subject)
        case AttachAsset() as wish:
            return await _attach(ways.calls, run, step, wish, sent)
        case DetachAssets() as wish:
            return await _detach(ways.calls, run, step, wish, sent)
        case MendAssets() as wish:
            return await mend_assets(ways.calls, ways.reads, run, step, wish, sent)
        case ArchiveCampaign():
            return await _archive(ways, run, step, sent, stored.subject)
        case AddItem() as wish:
            return await _add_item(ways.calls, run, step, wish, sent)
        case Undo() as wish:
            return await undo(Undoing(ways.calls, ways.reads, ways.removals, ways.signing), run, step, wish, sent)
        case _:
            assert_never(step.wish)


class Found(msgspec.Struct, frozen=True):
    """What HubSpot has of a step whose answer is missing.

    Attributes:
        attempt: which of the step's attempts made it: of several that did, the earliest.

    """

    receipt: Receipt
    attempt: int


async def reconcile(ways: Ways, run: Run, step: Step, stored: Stored) -> Found | None:  # noqa: PLR0911 - likewise
    """What HubSpot has of a step whose answer is missing; None when it has nothing.

    A campaign whose marker is older than the run's acceptance bears a copy of some other marker.

    Raises:
        Later: HubSpot cannot be read now.
        LeaseLost, Stopping: see `Calls.depart`.

    """
    match step.wish:
        case CreateCampaign() as wish:
            # Where the clock was set back after it was accepted, its own attempt seems the older of the two.
            return await _find_campaign(ways, run, step, wish, min(stored.accepted, step.at))
        case AddItem() as wish:
            return await _or_none(find_item(ways.calls, run, wish))
        case AttachAsset() as wish:
            return await _or_none(_find_attached(ways, run, step, wish))
        case DetachAssets() as wish:
            return await _or_none(_find_detached(ways, run, step, wish))
        case MendAssets() as wish:
            return await _or_none(_find_mended(ways, run, step, wish))
        case ArchiveCampaign():
            return await _find_archived(ways.reads, run, step, stored.subject)
        case UpdateCampaign() as wish:
            return await _or_none(_find_update(ways, run, step, wish, stored.subject))
        case Undo():
            raise TypeError(f"{step.name} is repeated, not looked for")
        case _:
            assert_never(step.wish)


async def _find_campaign(ways: Ways, run: Run, step: Step, wish: CreateCampaign, since: int) -> Found | None:
    return _made(await ways.lookup.look(step.at), run, wish, since)


def _made(index: Index, run: Run, wish: CreateCampaign, since: int) -> Found | None:
    """What an attempt of *run* has made; one from before its acceptance was a run's that had its key before."""
    found = next((found for found in index.find(run.id) if found.attempt >= since), None)
    if found is None:
        return None
    name = found.campaign.name if wish.taken == "number" else ""
    return Found(Receipt(found.campaign.id, adopted=True, name=name), found.attempt)


async def _create(ways: Ways, run: Run, step: Step, wish: CreateCampaign, sent: Sent, accepted: int) -> Came:
    if wish.taken == "trust":
        return await ways.creates.create(run, step, sent)
    async with ways.names.turn(run):
        return await _create_by_name(ways, run, step, wish, sent, accepted)


async def _create_by_name(ways: Ways, run: Run, step: Step, wish: CreateCampaign, sent: Sent, accepted: int) -> Came:
    """Create a campaign once it is known whether its name is taken, and do what the recipe says if it is."""
    name, names = wish.properties["hs_name"].strip(), ways.names
    index = await names.like(name, run)
    if mine := _made(index, run, wish, accepted):  # an attempt that was declared absent has come late
        return Came(mine.attempt, mine.receipt)
    there = await names.holder(name, index, run)
    if there is not None and wish.taken == "fail":
        return Came(step.at, Refused(f"name-taken: the campaign {there} has the name {name!r}"))
    if there is not None and wish.taken == "adopt":
        return await _update(ways, run, step, UpdateCampaign(wish.properties), sent, Subject(campaign=there))
    if there is not None:
        name = numbered(name, lambda told: names.may_be_taken(told, index))
    named = CreateCampaign({**wish.properties, "hs_name": name})
    came = await ways.creates.create(run, msgspec.structs.replace(step, wish=named), sent)
    if not isinstance(came.outcome, Receipt):
        return came
    names.took(name, came.outcome.id)
    return Came(came.at, msgspec.structs.replace(came.outcome, name="" if there is None else name))


async def _update(ways: Ways, run: Run, step: Step, wish: UpdateCampaign, sent: Sent, subject: Subject) -> Came:
    if subject.campaign is None:
        return Came(step.at, Refused("no-campaign: the subject has none, and the recipe does not make one"))
    try:
        now = await ways.reads.read(subject.campaign, ways.signing.reads(wish.properties), run)
    except Refused as refusal:
        return Came(step.at, refusal)
    changes = ways.signing.changes(wish.properties, now.properties, subject.marker)
    if not changes:
        return Came(step.at, Receipt(subject.campaign, changed=True))
    told = await ways.updates.update(run, step.name, sent, subject.campaign, changes)
    if isinstance(told.outcome, CampaignsError):
        return Came(told.at, told.outcome)
    return Came(told.at, Receipt(told.outcome.id, changed=True))


async def _attach(calls: Calls, run: Run, step: Step, wish: AttachAsset, sent: Sent) -> Came:
    departed = await _depart(calls, run, step, sent)
    error = await _carry(calls, departed, wire.attach(campaign_of(run), wish.type, wish.id))
    if isinstance(error, Refused) and error.problem.status == REFUSED_TYPE:
        advised = msgspec.structs.replace(
            error.problem, detail=f"{error.problem.detail} {advice_on_refusal(wish.type)}"
        )
        return Came(departed.at, Refused(problem=advised))
    return Came(departed.at, error if isinstance(error, CampaignsError) else Receipt(wish.id))


async def _detach(calls: Calls, run: Run, step: Step, wish: DetachAssets, sent: Sent) -> Came:
    """One call for each asset, all of them again if one has to be repeated: what is not there is not there twice."""
    campaign, at = campaign_of(run), step.at
    for kind, asset in wish.assets:
        departed = await _depart(calls, run, step, sent)
        at = departed.at
        error = await _carry(calls, departed, wire.detach(campaign, kind, asset))
        if isinstance(error, CampaignsError) and not (isinstance(error, Refused) and error.problem.status == GONE):
            return Came(at, error)
    return Came(at, Receipt(campaign))


async def _archive(ways: Ways, run: Run, step: Step, sent: Sent, subject: Subject) -> Came:
    if subject.campaign is None:
        return Came(step.at, Receipt("", changed=True))  # the subject learns that nothing older is to make one
    told = await ways.removals.remove(run, step.name, sent, subject.campaign)
    if told.outcome is not None:
        return Came(told.at, told.outcome)
    if not told.alone and not await ways.reads.gone(subject.campaign, run):
        return Came(told.at, Later(STILL_SHOWN))  # of a batch HubSpot grants all, whatever became of a part
    return Came(told.at, Receipt(subject.campaign, changed=True))


async def _add_item(calls: Calls, run: Run, step: Step, wish: AddItem, sent: Sent) -> Came:
    departed = await _depart(calls, run, step, sent)
    description = keys.with_marker(wish.description, marker_of(run, departed.at))
    fields = ItemFields(wish.name, wish.amount, wish.order, description)
    item = await _carry(calls, departed, wire.add_item(campaign_of(run), wish.kind, fields))
    return Came(departed.at, item if isinstance(item, CampaignsError) else Receipt(item.id))


async def find_item(calls: Calls, run: Run, wish: AddItem) -> Found | None:
    """The item that an attempt of *run* has made for *wish*, by one read of the campaign's totals."""
    totals = await calls.read(wire.totals(campaign_of(run)), run)
    found = [
        Found(Receipt(item.id, adopted=True), marker.attempt)
        for item in totals.items(wish.kind)
        if (item.name, item.order) == (wish.name, wish.order)
        and (marker := keys.marker_in(item.description))
        and marker.run == run.id
    ]
    return min(found, key=lambda one: one.attempt, default=None)


async def _find_attached(ways: Ways, run: Run, step: Step, wish: AttachAsset) -> Found | None:
    found = await find_asset(ways.calls, ways.reads, run, wish.type, wish.id)
    return Found(Receipt(wish.id, adopted=True), step.at) if found else None


async def _find_detached(ways: Ways, run: Run, step: Step, wish: DetachAssets) -> Found | None:
    for kind, asset in wish.assets:
        if await find_asset(ways.calls, ways.reads, run, kind, asset):
            return None
    return Found(Receipt(campaign_of(run), adopted=True), step.at)


async def _find_mended(ways: Ways, run: Run, step: Step, wish: MendAssets) -> Found | None:
    differs = await to_mend(ways.calls, ways.reads, run, wish)
    return None if differs else Found(Receipt(campaign_of(run), adopted=True), step.at)


async def _find_archived(reads: Reads, run: Run, step: Step, subject: Subject) -> Found | None:
    if subject.campaign is None or not await reads.gone(subject.campaign, run):
        return None
    return Found(Receipt(subject.campaign, adopted=True, changed=True), step.at)


async def _find_update(ways: Ways, run: Run, step: Step, wish: UpdateCampaign, subject: Subject) -> Found | None:
    if subject.campaign is None:
        return None
    now = await ways.reads.read(subject.campaign, ways.signing.reads(wish.properties), run)
    done = not ways.signing.changes(wish.properties, now.properties, subject.marker)
    return Found(Receipt(subject.campaign, adopted=True, changed=True), step.at) if done else None


async def _or_none(look: Awaitable[Found | None]) -> Found | None:
    """What *look* finds; nothing in a campaign that is gone."""
    try:
        return await look
    except Refused as refusal:
        if refusal.problem.status != GONE:
            raise
        return None


async def _depart(calls: Calls, run: Run, step: Step, sent: Sent) -> Departed:
    return await calls.depart(lambda: calls.ranks.of(run), lambda: ((run, step.name, sent),))


async def _carry(calls: Calls, departed: Departed, request: Request[T]) -> T | CampaignsError:
    try:
        return await calls.carry(departed, request)
    except CampaignsError as error:
        return error
