"""Cloning and the lists of asset types, which only 2026-09-beta is known to have."""

from functools import partial
from typing import Final

import msgspec

from simulator.answers import Answer, not_found
from simulator.assets import METRICS
from simulator.operation import Call, Operation, parsed
from simulator.portal import Campaign
from simulator.routes.campaigns import found, make
from simulator.world import World

COPYING_MS: Final = 1000  # assets are copied "asynchronously"; how long it takes is not documented


class CloneInput(msgspec.Struct, frozen=True, rename="camel"):
    """What a clone is made of. The `should_clone_...` flags concern what the simulator does not hold."""

    source_campaign_guid: str
    name: str
    assets_to_clone: dict[str, list[str]]
    should_clone_draft_nodes: bool
    should_clone_edges: bool
    should_clone_sticky_notes: bool
    should_clone_tasks: bool
    should_clone_tracking_urls: bool
    audience: str | None = None
    currency_code: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    notes: str | None = None


def _check_offered(call: Call) -> None:
    if not call.version.clone:
        raise not_found("resource not found")


def _clone(world: World, call: Call) -> Answer:
    _check_offered(call)
    given = parsed(call.body, CloneInput)
    source = found(world, given.source_campaign_guid)
    own = {
        "hs_name": given.name,
        "hs_audience": given.audience,
        "hs_currency_code": given.currency_code,
        "hs_start_date": given.start_date,
        "hs_end_date": given.end_date,
        "hs_notes": given.notes,
    }
    inherited = {name: source.properties[name] for name in own if name in source.properties}
    clone = make(world, call, inherited | {name: value for name, value in own.items() if value is not None})
    world.clones[clone.id] = call.time + COPYING_MS
    world.later(call.time + COPYING_MS, partial(_copy_assets, source, clone, given.assets_to_clone))
    body = {"campaignGuid": clone.id, "status": "PENDING"}
    place = f"{call.origin}{call.version.prefix}/{clone.id}"
    return Answer(201, body, {"Location": place} if call.version.location else {}, (clone.id,))


def _copy_assets(source: Campaign, clone: Campaign, wanted: dict[str, list[str]]) -> None:
    for asset_type, ids in wanted.items():
        held = source.assets.get(asset_type, [])
        clone.assets[asset_type] = [asset_id for asset_id in held if asset_id in ids]


def _status(world: World, call: Call) -> Answer:
    _check_offered(call)
    campaign = found(world, call.params["campaign"])
    if campaign.id not in world.clones:
        raise not_found(f"Campaign {campaign.id} is no clone")
    status = "PENDING" if call.time < world.clones[campaign.id] else "COMPLETE"
    return Answer(200, {"campaignGuid": campaign.id, "status": status})


def _asset_types(_world: World, call: Call) -> Answer:
    _check_offered(call)
    return Answer(200, {"results": list(METRICS)})


OPERATIONS: Final = (
    Operation("GET", "/asset-types", "read", _asset_types),
    Operation("POST", "/clone", "write", _clone, changes=True),
    Operation("GET", "/clone/asset-types", "read", _asset_types),
    Operation("GET", "/clone/{campaign:str}/status", "write", _status),
)
