"""Undoing what a cancelled run has made: looked at, removed, and looked for again, as HubSpot grants any removal.

What the receipts say is judged by `progress.why_left`; what HubSpot shows, by `why_kept` here.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, assert_never

import msgspec

from campaigns import keys
from campaigns.errors import CampaignsError, Later, Refused
from campaigns.hubspot import wire
from campaigns.hubspot.types import CampaignWithAssets, Item, Totals
from campaigns.hubspot.wire import Request
from campaigns.model import Run, Step
from campaigns.progress import why_left
from campaigns.signing import Signing
from campaigns.states import Done, Receipt, Sent
from campaigns.wishes import (
    AddItem,
    ArchiveCampaign,
    AttachAsset,
    CreateCampaign,
    DetachAssets,
    Undo,
    UpdateCampaign,
)
from workers.calls import Calls
from workers.creates import Came, rank_of

GONE: Final = 404


class Gone(msgspec.Struct, frozen=True):
    """It is not there any more."""


class Ours(msgspec.Struct, frozen=True):
    """It is there as the run has made it, and nobody else uses it."""


class Kept(msgspec.Struct, frozen=True):
    """It is there and stays."""

    why: str


Look = Gone | Ours | Kept


class _Thing(msgspec.Struct, frozen=True):
    """What a step has made: how it is looked at, and how it is removed."""

    look: Callable[[], Awaitable[Look]]
    removal: Request[None]
    receipt: Receipt


async def undo(calls: Calls, signing: Signing, run: Run, step: Step, wish: Undo, sent: Sent) -> Came:
    """Remove what the step that *wish* names has made; refused, with the reason, if it is left.

    Raises:
        Later: HubSpot cannot be read now.
        LeaseLost, Recalled, Stopping: see `Calls.depart`.

    """
    of = run.step(wish.of)
    why = why_left(run, of)
    if why is not None:
        return Came(step.at, Refused(why))
    thing = _thing(calls, signing, run, of)
    match await thing.look():
        case Gone():
            return Came(step.at, thing.receipt)
        case Kept(why=why):
            return Came(step.at, Refused(why))
        case Ours():
            departed = await calls.depart(lambda: rank_of(run), lambda: ((run, step.name, sent),))
    try:
        await calls.carry(departed, thing.removal)
    except CampaignsError as error:
        return Came(departed.at, error)
    still_there = not isinstance(await thing.look(), Gone)
    return Came(departed.at, Later("HubSpot still shows what was removed") if still_there else thing.receipt)


def _thing(calls: Calls, signing: Signing, run: Run, of: Step) -> _Thing:
    campaign = run.campaign
    if campaign is None or not isinstance(of.state, Done):
        raise TypeError(f"{of.name} has made nothing")
    made = Receipt(of.state.receipt.id)
    match of.wish:
        case CreateCampaign(properties=properties) | UpdateCampaign(properties=properties):
            look = partial(_look_at_campaign, calls, signing, run, campaign, properties)
            return _Thing(look, wire.delete(campaign), made)
        case AttachAsset(type=kind, id=asset):
            return _Thing(
                partial(_look_for_asset, calls, campaign, kind, asset), wire.detach(campaign, kind, asset), made
            )
        case AddItem() as wish:
            look_at = partial(_look_at_item, calls, run, campaign, wish, made.id)
            return _Thing(look_at, wire.remove_item(campaign, wish.kind, made.id), made)
        case ArchiveCampaign() | DetachAssets() | Undo():
            raise TypeError(f"{of.name} is not undone")
        case _:
            assert_never(of.wish)


async def _look_at_campaign(
    calls: Calls, signing: Signing, run: Run, campaign: str, properties: dict[str, str]
) -> Look:
    try:
        now = await calls.read(wire.read(campaign, signing.reads(properties)))
        totals = await calls.read(wire.totals(campaign))
    except Refused as refusal:
        return _gone(refusal)
    why = why_kept(signing, run, properties, now, totals)
    return Ours() if why is None else Kept(why)


def why_kept(
    signing: Signing, run: Run, properties: dict[str, str], now: CampaignWithAssets, totals: Totals
) -> str | None:
    """Why a campaign that the run has a receipt for stays; None when it is the run's and as it was made. Pure.

    Args:
        signing: says where its marker stands.
        run: whose marker it must bear.
        properties: those that the run gave it.
        now: as HubSpot shows it, with all that the run has attached taken off before.
        totals: likewise, with its items.

    """
    marker = signing.marker_in(now.properties)
    if marker is None or marker.run != run.id:
        return "left: it does not bear this run's marker, so it is somebody else's"
    if any(page.results for page in now.assets.values()):
        return "left: it has assets"
    if totals.budget_items or totals.spend_items:
        return "left: it has budget or spend items"
    edited = signing.edited(properties, marker, now.properties)
    return f"left: somebody has edited {', '.join(edited)}" if edited else None


async def _look_for_asset(calls: Calls, campaign: str, kind: str, asset: str) -> Look:
    try:
        return Ours() if await find_asset(calls, campaign, kind, asset) else Gone()
    except Refused as refusal:
        return _gone(refusal)


async def find_asset(calls: Calls, campaign: str, kind: str, asset: str) -> bool:
    """Whether *asset* is attached to *campaign*."""
    after: str | None = None
    walked: set[str | None] = set()
    while after not in walked:
        walked.add(after)
        page = await calls.read(wire.assets_page(campaign, kind, limit=wire.MOST_ON_A_PAGE, after=after))
        if any(one.id == asset for one in page.results):
            return True
        after = page.after
    return False


async def _look_at_item(calls: Calls, run: Run, campaign: str, wish: AddItem, item: str) -> Look:
    try:
        totals = await calls.read(wire.totals(campaign))
    except Refused as refusal:
        return _gone(refusal)
    found = next((one for one in totals.items(wish.kind) if one.id == item), None)
    if found is None:
        return Gone()
    return Ours() if _is_as_made(run, wish, found) else Kept("left: somebody has edited it")


def _is_as_made(run: Run, wish: AddItem, item: Item) -> bool:
    marker = keys.marker_in(item.description)
    if marker is None or marker.run != run.id:
        return False
    made = (wish.name, wish.amount, wish.order, keys.with_marker(wish.description, marker))
    return (item.name, item.amount, item.order, item.description) == made


def _gone(refusal: Refused) -> Gone:
    if refusal.problem.status != GONE:
        raise refusal
    return Gone()
