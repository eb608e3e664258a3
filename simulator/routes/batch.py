"""Create, read, update and archive up to 50 campaigns in one request."""

from functools import partial
from typing import Final

import msgspec

from simulator.answers import Answer, not_found
from simulator.batches import Done, carried_out, check_size
from simulator.bodies import both_dates, campaign_body, campaign_with_assets, wanted_properties
from simulator.operation import Call, Operation, parsed
from simulator.routes.campaigns import CampaignInput, alter, found, make
from simulator.versions import VERSIONS
from simulator.world import World


class Named(msgspec.Struct, frozen=True):
    """An input that only names a campaign."""

    id: str


class Update(msgspec.Struct, frozen=True):
    """An input that changes a campaign."""

    id: str
    properties: dict[str, str]


class Creates(msgspec.Struct, frozen=True):
    """The body of batch create."""

    inputs: list[CampaignInput]


class Updates(msgspec.Struct, frozen=True):
    """The body of batch update."""

    inputs: list[Update]


class Names(msgspec.Struct, frozen=True):
    """The body of batch read and batch archive."""

    inputs: list[Named]


def _create(world: World, call: Call) -> Answer:
    inputs = parsed(call.body, Creates).inputs
    check_size(inputs, world)

    def one(given: dict[str, str]) -> Done:
        campaign = make(world, call, given)
        return Done(campaign.id, campaign_body(campaign, given, world.switches))

    return carried_out(world, call, 201, [partial(one, item.properties) for item in inputs])


def _update(world: World, call: Call) -> Answer:
    inputs = parsed(call.body, Updates).inputs
    check_size(inputs, world)

    def one(item: Update) -> Done:
        campaign = alter(world, call, item.id, item.properties)
        return Done(campaign.id, campaign_body(campaign, item.properties, world.switches))

    return carried_out(world, call, 200, [partial(one, item) for item in inputs])


def _read(world: World, call: Call) -> Answer:
    inputs = parsed(call.body, Names).inputs
    check_size(inputs, world)
    names = wanted_properties(call, world.switches)
    both_dates(call)  # a date that is none refuses the whole request, not its items

    def one(campaign_id: str) -> Done:
        campaign = found(world, campaign_id)
        if campaign.visible > call.time:
            raise not_found(f"Campaign with GUID {campaign_id} not found")
        # Recorded: the nested links of a 2026-03 batch read lead to v3.
        body = campaign_with_assets(call, campaign, names, world.switches, VERSIONS["v3"].prefix)
        return Done(campaign.id, body)

    collapsed = dict.fromkeys(item.id for item in inputs)
    return carried_out(world, call, 200, [partial(one, campaign_id) for campaign_id in collapsed])


def _archive(world: World, call: Call) -> Answer:
    inputs = parsed(call.body, Names).inputs
    check_size(inputs, world)
    for item in inputs:
        campaign = world.portal.find(item.id)
        if campaign is not None:
            world.portal.archive(campaign)
    return Answer(204, campaigns=tuple(item.id for item in inputs))


OPERATIONS: Final = (
    Operation("POST", "/batch/create", "write", _create, changes=True),
    Operation("POST", "/batch/read", "read", _read),
    Operation("POST", "/batch/update", "write", _update, changes=True),
    Operation("POST", "/batch/archive", "write", _archive, changes=True),
)
