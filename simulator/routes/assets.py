"""Attach, detach and list the assets of a campaign."""

from bisect import insort
from typing import Final

from simulator import cursors
from simulator.answers import Answer, Problem, Refused, invalid, not_found
from simulator.assets import METRICS, ON_THE_PAGE
from simulator.bodies import ASSETS_ON_A_PAGE, asset_page
from simulator.operation import Call, Operation
from simulator.routes.campaigns import found, limit_of
from simulator.world import World


def _check_type(world: World, asset_type: str) -> str:
    if asset_type in METRICS:
        return asset_type
    if world.switches.unknown_asset_type == "404":
        raise not_found(f"Asset type {asset_type} not found")
    raise invalid(f"Invalid asset type: {asset_type}")


def _check_associable(world: World, asset_type: str) -> str:
    """Refuse a type that is associated inside HubSpot only."""
    _check_type(world, asset_type)
    if world.switches.associable == "page" and asset_type not in ON_THE_PAGE:
        raise invalid(f"Asset type {asset_type} can only be associated in HubSpot")
    return asset_type


def _attach(world: World, call: Call) -> Answer:
    campaign = found(world, call.params["campaign"])
    asset_type = _check_associable(world, call.params["asset_type"])
    asset_id = call.params["asset_id"]
    if not world.portal.has_asset(asset_id):
        raise not_found(f"Asset {asset_type} {asset_id} not found")
    attached = campaign.assets.setdefault(asset_type, [])
    if asset_id not in attached:
        insort(attached, asset_id, key=int)
        world.portal.touch(campaign, call.time)
    elif world.switches.repeated_attach == "409":
        raise Refused(Problem(409, f"Asset {asset_type} {asset_id} is already associated", category="CONFLICT"))
    return Answer(204, campaigns=(campaign.id,))


def _detach(world: World, call: Call) -> Answer:
    campaign = found(world, call.params["campaign"])
    asset_type = _check_associable(world, call.params["asset_type"])
    asset_id = call.params["asset_id"]
    attached = campaign.assets.get(asset_type, [])
    if asset_id in attached:
        attached.remove(asset_id)
        world.portal.touch(campaign, call.time)
    elif world.switches.missing_detach == "404":
        raise not_found(f"Asset {asset_type} {asset_id} is not associated")
    return Answer(204, campaigns=(campaign.id,))


def _list(world: World, call: Call) -> Answer:
    campaign = found(world, call.params["campaign"])
    asset_type = _check_type(world, call.params["asset_type"])
    limit = limit_of(call, default=ASSETS_ON_A_PAGE)
    after = cursors.read(call.asked("after"), first=-1)
    prefix = call.version.prefix
    return Answer(200, asset_page(call, campaign, asset_type, after=after, limit=limit, prefix=prefix))


OPERATIONS: Final = (
    Operation("GET", "/{campaign:str}/assets/{asset_type:str}", "read", _list),
    Operation("PUT", "/{campaign:str}/assets/{asset_type:str}/{asset_id:str}", "write", _attach, changes=True),
    Operation("DELETE", "/{campaign:str}/assets/{asset_type:str}/{asset_id:str}", "write", _detach, changes=True),
)
