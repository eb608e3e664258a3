"""`/_sim/`: what tests look at and turn. No token, no limits, no faults."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency

from simulator.bodies import Body, iso, item_body
from simulator.faults import Faults, Plan
from simulator.limits import Ceilings
from simulator.portal import Campaign
from simulator.switches import TABLE, UnknownSwitch, turned
from simulator.world import World

Asked = Request[Any, Any, State]
JSON: Final = "application/json"


class Controls(Controller):
    """The simulator's own routes; every answer is JSON, a body that makes no sense is a 400 that says why."""

    path = "/_sim"

    @get("/campaigns")
    async def campaigns(self, world: NamedDependency[World]) -> Response[bytes]:
        """Show every campaign that was ever made, oldest first, deleted ones too."""
        return _json([_shown(campaign) for campaign in world.portal.ever()])

    @get("/ledger")
    async def ledger(self, world: NamedDependency[World]) -> Response[bytes]:
        """Show every wish to change something, oldest first."""
        return _json(world.ledger.rows)

    @get("/stats")
    async def stats(self, world: NamedDependency[World]) -> Response[bytes]:
        """Show how many requests came and how they were answered."""
        return _json(world.ledger.stats(len(world.portal.standing)))

    @post("/reset", status_code=204)
    async def reset(self, world: NamedDependency[World]) -> None:
        """Begin anew, as just started: nothing planned, turned or made is left."""
        world.begin()

    @put("/faults")
    async def faults(self, request: Asked, world: NamedDependency[World]) -> Response[bytes]:
        """Play this plan from now on, in place of the one before."""
        plan = _read(await request.body(), Plan)
        if isinstance(plan, str):
            return _refused(plan)
        world.faults = Faults(plan)
        return _json(plan)

    @get("/faults")
    async def met(self, world: NamedDependency[World]) -> Response[bytes]:
        """Show the plan, and how many requests each of its faults has struck."""
        return _json(world.faults.met())

    @put("/limits")
    async def limits(self, request: Asked, world: NamedDependency[World]) -> Response[bytes]:
        """Set the limits; one that is not named is the tier's. Places taken stay taken."""
        ceilings = _read(await request.body(), Ceilings)
        if isinstance(ceilings, str):
            return _refused(ceilings)
        world.ceilings = ceilings
        return _json(ceilings.over(world.switches.tier)._asdict())

    @get("/switches")
    async def switches(self, world: NamedDependency[World]) -> Response[bytes]:
        """Show every switch: how it is turned, which answers it has, what it stands for."""
        return _json(
            {
                name: {"answer": getattr(world.switches, name), "answers": switch.answers, "for": switch.stands_for}
                for name, switch in TABLE.items()
            }
        )

    @put("/switches")
    async def turn(self, request: Asked, world: NamedDependency[World]) -> Response[bytes]:
        """Turn the switches that are named; the others stay."""
        wanted: Mapping[str, object] | str = _read(await request.body(), dict[str, object])
        if isinstance(wanted, str):
            return _refused(wanted)
        try:
            world.switches = turned(world.switches, wanted)
        except UnknownSwitch as error:
            return _refused(str(error))
        return _json(world.switches)

    @put("/missing_assets")
    async def missing_assets(self, request: Asked, world: NamedDependency[World]) -> Response[bytes]:
        """Let these assets not exist, in place of those named before."""
        ids = _read(await request.body(), list[str | int])
        if isinstance(ids, str):
            return _refused(ids)
        world.portal.missing_assets = frozenset(map(str, ids))
        return _json(sorted(world.portal.missing_assets))


def _shown(campaign: Campaign) -> Body:
    return {
        "id": campaign.id,
        "properties": campaign.all_properties(),
        "createdAt": iso(campaign.created),
        "archived": campaign.archived,
        "assets": {asset_type: ids for asset_type, ids in campaign.assets.items() if ids},
        "budget": [item_body(item) for item in campaign.budget],
        "spend": [item_body(item) for item in campaign.spend],
    }


def _read(body: bytes, shape: Any) -> Any:  # noqa: ANN401  msgspec takes and gives any annotation
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        return str(error)


def _json(value: object, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(value), status_code=status, media_type=JSON)


def _refused(why: str) -> Response[bytes]:
    return _json({"status": "error", "message": why}, 400)
