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
from campaigns.hubspot.types import Asset, CampaignWithAssets, Item, Page, Totals
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
    MendAssets,
    Undo,
    UpdateCampaign,
)
from workers.by_id import GONE, Reads, Removals
from workers.calls import Calls
from workers.creates import Came

STILL_SHOWN: Final = "HubSpot still shows what was removed"


class Undoing(msgspec.Struct, frozen=True):
    """What undoing takes."""

    calls: Calls
    reads: Reads
    removals: Removals
    signing: Signing


class Gone(msgspec.Struct, frozen=True):
    """It is not there any more."""


class Ours(msgspec.Struct, frozen=True):
    """It is there as the run has made it, and nobody else uses it."""


class Kept(msgspec.Struct, frozen=True):
    """It is there and stays."""

    why: str


Look = Gone | Ours | Kept


Removed = tuple[int, CampaignsError | None]
"""When the call that removes something was journalled, and how it failed."""


class _Thing(msgspec.Struct, frozen=True):
    """What a step has made: how it is looked at, how it is removed, and how that is confirmed."""

    look: Callable[[], Awaitable[Look]]
    remove: Callable[[], Awaitable[Removed]]
    gone: Callable[[], Awaitable[bool]]
    receipt: Receipt


async def undo(on: Undoing, run: Run, step: Step, wish: Undo, sent: Sent) -> Came:
    """Remove what the step that *wish* names has made; refused, with the reason, if it is left.

    Raises:
        Later: HubSpot cannot be read now.
        LeaseLost, Recalled, Stopping: see `Calls.depart`.

    """
    of = run.step(wish.of)
    why = why_left(run, of)
    if why is not None:
        return Came(step.at, Refused(why))
    thing = _thing(on, run, step, of, sent)
    match await thing.look():
        case Gone():
            return Came(step.at, thing.receipt)
        case Kept(why=why):
            return Came(step.at, Refused(why))
        case Ours():
            at, error = await thing.remove()
    if error is not None:
        return Came(at, error)
    return Came(at, thing.receipt if await thing.gone() else Later(STILL_SHOWN))


def _thing(on: Undoing, run: Run, step: Step, of: Step, sent: Sent) -> _Thing:
    campaign = campaign_of(run)
    if not isinstance(of.state, Done):
        raise TypeError(f"{of.name} has made nothing")
    made = Receipt(of.state.receipt.id)
    match of.wish:
        case CreateCampaign(properties=properties) | UpdateCampaign(properties=properties):
            return _Thing(
                look=partial(_look_at_campaign, on, run, campaign, _as_made(properties, of.state.receipt)),
                remove=partial(_remove_campaign, on, run, step, sent, campaign),
                gone=partial(on.reads.gone, campaign, run),
                receipt=made,
            )
        case AttachAsset(type=kind, id=asset):
            look, request = partial(_look_for_asset, on, run, kind, asset), wire.detach(campaign, kind, asset)
        case AddItem() as wish:
            look = partial(_look_at_item, on, run, campaign, wish, made.id)
            request = wire.remove_item(campaign, wish.kind, made.id)
        case ArchiveCampaign() | DetachAssets() | MendAssets() | Undo():
            raise TypeError(f"{of.name} is not undone")
        case _:
            assert_never(of.wish)
    return _Thing(look, partial(_remove, on.calls, run, step, sent, request), partial(_is_gone, look), made)


def _as_made(properties: dict[str, str], receipt: Receipt) -> dict[str, str]:
    """What the step has given the campaign: its name may have been numbered."""
    return {**properties, "hs_name": receipt.name} if receipt.name else properties


async def _is_gone(look: Callable[[], Awaitable[Look]]) -> bool:
    return isinstance(await look(), Gone)


async def _remove_campaign(on: Undoing, run: Run, step: Step, sent: Sent, campaign: str) -> Removed:
    told = await on.removals.remove(run, step.name, sent, campaign)
    return told.at, told.outcome


async def _remove(calls: Calls, run: Run, step: Step, sent: Sent, request: Request[None]) -> Removed:
    departed = await calls.depart(lambda: calls.ranks.of(run), lambda: ((run, step.name, sent),))
    try:
        await calls.carry(departed, request)
    except CampaignsError as error:
        return departed.at, error
    return departed.at, None


async def _look_at_campaign(on: Undoing, run: Run, campaign: str, properties: dict[str, str]) -> Look:
    try:
        now = await on.reads.read(campaign, on.signing.reads(properties), run)
        totals = await on.calls.read(wire.totals(campaign), run)
    except Refused as refusal:
        return _gone(refusal)
    why = why_kept(on.signing, run, properties, now, totals)
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


async def _look_for_asset(on: Undoing, run: Run, kind: str, asset: str) -> Look:
    try:
        return Ours() if await find_asset(on.calls, on.reads, run, kind, asset) else Gone()
    except Refused as refusal:
        return _gone(refusal)


async def find_asset(calls: Calls, reads: Reads, run: Run, kind: str, asset: str) -> bool:
    """Whether *asset* is attached to the campaign of *run*: whoever reads a campaign sees its first assets."""
    campaign = campaign_of(run)
    first = (await reads.read(campaign, (), run)).assets.get(kind, Page())
    if first.after is None or _has(first, asset):
        return _has(first, asset)
    after: str | None = None  # its cursor may be of another collection: begin anew
    walked: set[str | None] = set()
    while after not in walked:
        walked.add(after)
        page = await calls.read(wire.assets_page(campaign, kind, limit=wire.MOST_ON_A_PAGE, after=after), run)
        if _has(page, asset):
            return True
        after = page.after
    return False


def _has(page: Page[Asset], asset: str) -> bool:
    return any(one.id == asset for one in page.results)


def campaign_of(run: Run) -> str:
    """The run's campaign.

    Raises:
        Refused: it has none; a plan begins with it, and nothing goes on past a failed step.

    """
    if run.campaign is None:
        raise Refused("the run has no campaign")
    return run.campaign


async def _look_at_item(on: Undoing, run: Run, campaign: str, wish: AddItem, item: str) -> Look:
    try:
        totals = await on.calls.read(wire.totals(campaign), run)
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
