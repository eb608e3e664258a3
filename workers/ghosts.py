"""Looking for ghosts: attempts declared absent that may have appeared since; `campaigns.ghosts` judges them."""

from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from campaigns import ghosts
from campaigns.errors import CampaignsError, NotFound, Refused
from campaigns.ghosts import Ghost, Leave, Remove, Seen, Show, Wait
from campaigns.hubspot import wire
from campaigns.hubspot.index import Index
from campaigns.hubspot.types import Item
from campaigns.hubspot.wire import Request
from campaigns.keys import marker_in, with_marker
from campaigns.model import Stored
from campaigns.observe import PortalWork
from campaigns.signing import Signing
from campaigns.store.ghosts import Ghosts, Looked
from campaigns.store.patience import ride_out
from campaigns.store.portals import Lease, LeaseLost
from campaigns.store.runs import Runs
from campaigns.wishes import AddItem, CreateCampaign
from workers.advance import AFTER_A_FAULT
from workers.by_id import GONE
from workers.calls import Calls, Stopping
from workers.clock import Clock
from workers.creates import properties_of
from workers.lookup import Lookup
from workers.ranks import READ

ONCE_MORE: Final = 15_000
"""Milliseconds after which a look that HubSpot did not let us take is tried again."""

log = structlog.get_logger()


class Haunted(msgspec.Struct, frozen=True):
    """What looking for a portal's ghosts takes.

    Attributes:
        looks: spans after an attempt at which it is looked for (ms).

    """

    lease: Lease
    ghosts: Ghosts
    runs: Runs
    calls: Calls
    lookup: Lookup
    clock: Clock
    signing: Signing
    looks: tuple[int, ...]
    counts: PortalWork


async def look_for(on: Haunted, due: Sequence[Ghost]) -> None:
    """Look for the ghosts that are *due*, remove those that may be removed, and save what came of it.

    Raises:
        LeaseLost, Stopping: see `Calls.depart`.

    """
    try:
        index = await _index(on, due)
    except (LeaseLost, Stopping):
        raise
    except Exception as error:  # noqa: BLE001 - it is logged
        looked = [_once_more(on, ghost, error) for ghost in due]
    else:
        looked = [await _looked(on, ghost, index) for ghost in due]
    await ride_out(lambda: on.ghosts.save(on.lease, looked))


async def _looked(on: Haunted, ghost: Ghost, index: Index) -> Looked:
    """What the look for one ghost came to; if it fails, the others are looked for all the same."""
    try:
        return await _look(on, ghost, index)
    except (LeaseLost, Stopping):
        raise
    except Exception as error:  # noqa: BLE001 - it is logged
        return _once_more(on, ghost, error)


def _once_more(on: Haunted, ghost: Ghost, error: Exception) -> Looked:
    if isinstance(error, CampaignsError):
        log.info("ghost.unseen", portal=on.lease.portal, ghost=str(ghost), problem=error.problem.detail)
        return Looked(ghost, on.clock.now() + ONCE_MORE)
    log.error("ghost.fault", portal=on.lease.portal, ghost=str(ghost), exc_info=error)
    return Looked(ghost, on.clock.now() + AFTER_A_FAULT)


async def _index(on: Haunted, due: Sequence[Ghost]) -> Index:
    """One walk for all campaigns among the ghosts."""
    attempts = [ghost.marker.attempt for ghost in due if ghost.kind == "campaign"]
    return await on.lookup.look(min(attempts)) if attempts else Index()


async def _look(on: Haunted, ghost: Ghost, index: Index) -> Looked:
    stored = await _run_of(on, ghost)
    looked = await _judged(on, ghost, index, stored)
    copy = _copy_of_the_kept(index, ghost, stored) if stored and ghost.kind == "campaign" else None
    if copy is None or looked.shown:
        return looked
    on.counts.appeared("shown")
    log.warning(
        "ghost.shown", portal=on.lease.portal, ghost=str(ghost), id=copy, why="a copy of the campaign, notes and all"
    )
    return msgspec.structs.replace(looked, shown=copy)


def _copy_of_the_kept(index: Index, ghost: Ghost, stored: Stored) -> str | None:
    """A campaign that bears the marker of the one in the receipt beside it: people copy notes, or clone the whole."""
    found = index.find(ghost.marker.run)
    kept = stored.run.campaign
    attempts = {one.attempt for one in found if one.campaign.id == kept} - {ghost.marker.attempt}
    return next((one.campaign.id for one in found if one.attempt in attempts and one.campaign.id != kept), None)


async def _judged(on: Haunted, ghost: Ghost, index: Index, stored: Stored | None) -> Looked:
    seen = await _campaigns(on, ghost, index, stored) if ghost.kind == "campaign" else await _items(on, ghost, stored)
    next_look = ghosts.next_look(ghost.marker.attempt, on.clock.now(), on.looks)
    for one in seen:
        match ghosts.verdict(ghost, one, stored):
            case Leave():
                continue
            case Wait():
                return Looked(ghost, next_look or on.clock.now() + ONCE_MORE)
            case Show(id=told, why=why):
                on.counts.appeared("shown")
                log.warning("ghost.shown", portal=on.lease.portal, ghost=str(ghost), id=told, why=why)
                return Looked(ghost, None, told)
            case Remove(id=told):
                gone = await _remove(on, ghost, told)
                if gone:
                    on.counts.appeared("removed")
                log.warning("ghost.removed", portal=on.lease.portal, ghost=str(ghost), id=told, confirmed=gone)
                return Looked(ghost, None if gone else on.clock.now() + ONCE_MORE)
    return Looked(ghost, next_look)


async def _run_of(on: Haunted, ghost: Ghost) -> Stored | None:
    """The ghost's run; None when it is gone, be it that its key has been used again, for a shorter plan."""
    try:
        stored = await ride_out(lambda: on.runs.read(ghost.marker.run))
    except NotFound:
        return None
    return stored if ghost.step < len(stored.run.steps) else None


async def _campaigns(on: Haunted, ghost: Ghost, index: Index, stored: Stored | None) -> list[Seen]:
    """The campaigns that bear the ghost's marker."""
    seen: list[Seen] = []
    for found in index.find(ghost.marker.run):
        if found.attempt == ghost.marker.attempt:
            touched = stored is None or await _campaign_is_touched(on, ghost, found.campaign.id, stored)
            seen.append(Seen(found.campaign.id, touched))
    return seen


async def _campaign_is_touched(on: Haunted, ghost: Ghost, campaign: str, stored: Stored) -> bool:
    step = stored.run.steps[ghost.step]
    if not isinstance(step.wish, CreateCampaign):
        return True
    made = properties_of(step)
    now = await on.calls.read(wire.read(campaign, on.signing.reads(made)))
    totals = await on.calls.read(wire.totals(campaign))
    used = bool(now.assets or totals.budget_items or totals.spend_items)
    return used or bool(on.signing.edited(made, ghost.marker, now.properties))


async def _items(on: Haunted, ghost: Ghost, stored: Stored | None) -> list[Seen]:
    """The items that bear the ghost's marker."""
    if ghost.campaign == ghosts.NOWHERE:
        return []
    try:
        totals = await on.calls.read(wire.totals(ghost.campaign))
    except Refused as refusal:
        if refusal.problem.status == GONE:
            return []  # with its campaign
        raise
    items = totals.items("budget" if ghost.kind == "budget" else "spend")
    wish = stored.run.steps[ghost.step].wish if stored else None
    return [Seen(item.id, _item_is_touched(ghost, item, wish)) for item in items if _bears(item, ghost)]


def _bears(item: Item, ghost: Ghost) -> bool:
    marker = marker_in(item.description)
    return marker is not None and (marker.run, marker.attempt) == (ghost.marker.run, ghost.marker.attempt)


def _item_is_touched(ghost: Ghost, item: Item, wish: object) -> bool:
    if not isinstance(wish, AddItem):
        return True
    made = (wish.name, wish.amount, wish.order, with_marker(wish.description, ghost.marker))
    return (item.name, item.amount, item.order, item.description) != made


async def _remove(on: Haunted, ghost: Ghost, told: str) -> bool:
    """Remove what has appeared; whether a read has confirmed it: HubSpot answers 204 to any removal."""
    if ghost.kind == "campaign":
        await _change(on, wire.delete(told))
        try:
            await on.calls.read(wire.read(told))
        except Refused as refusal:
            return refusal.problem.status == GONE
        return False
    await _change(on, wire.remove_item(ghost.campaign, ghost.kind, told))
    return all(seen.id != told for seen in await _items(on, ghost, None))


async def _change(on: Haunted, request: Request[None]) -> None:
    departed = await on.calls.depart(lambda: READ, tuple)
    await on.calls.carry(departed, request)
