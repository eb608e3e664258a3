"""The calls to HubSpot that a planned run would make, were it alone and all went well. Pure."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from campaigns.hubspot import wire
from campaigns.hubspot.types import ItemFields
from campaigns.hubspot.wire import Request
from campaigns.model import Run, Step
from campaigns.states import Pending
from campaigns.wishes import (
    AddItem,
    ArchiveCampaign,
    AttachAsset,
    CreateCampaign,
    DetachAssets,
    MendAssets,
    UpdateCampaign,
)

UNKNOWN: Final = "{campaign}"
"""Stands in paths for the id of a campaign that does not exist yet."""

_STAND_IN: Final = "a-campaign-that-does-not-exist-yet"


class Call(msgspec.Struct, frozen=True):
    """One call.

    Attributes:
        step: for which step of the run.
        path: with its query, below the host.
        body: the JSON that is sent, less the marker by which Fanfare knows its own; None when nothing is.

    """

    step: str
    method: str
    path: str
    body: Any


def calls(run: Run, version: str, campaign: str | None = None) -> tuple[Call, ...]:
    """The calls of *run* on a portal, in their order.

    Beside other runs creates leave as batches, and after a failure a call is repeated or its effect looked for.

    Args:
        run: after `lanes.resolve`, if something is known of its subject: what is stale makes no call.
        version: of HubSpot's API.
        campaign: of its subject; None: it is to be made.

    """
    prefix = wire.prefix_of(version)
    pending = (step for step in run.steps if isinstance(step.state, Pending))
    return tuple(
        _call(step.name, prefix, request) for step in pending for request in _requests(step, campaign or _STAND_IN)
    )


def _requests(step: Step, campaign: str) -> Iterable[Request[Any]]:  # noqa: PLR0911 - one answer for each kind
    match step.wish:
        case CreateCampaign(properties=properties, taken=taken):
            look = [] if taken == "trust" else [wire.find(name=properties["hs_name"])]
            return [*look, wire.create(properties)]
        case UpdateCampaign(properties=properties, mend=True):
            return [wire.read(campaign, properties)]  # what is to be mended is known when HubSpot has been asked
        case MendAssets(wanted=wanted, gone=gone):
            return [wire.read(campaign)] if wanted or gone else []
        case UpdateCampaign(properties=properties):
            return [wire.read(campaign, properties), wire.update(campaign, properties)]
        case AttachAsset(type=kind, id=asset):
            return [wire.attach(campaign, kind, asset)]
        case AddItem() as wish:
            fields = ItemFields(wish.name, wish.amount, wish.order, wish.description)
            return [wire.add_item(campaign, wish.kind, fields)]
        case DetachAssets(assets=assets):
            return [wire.detach(campaign, kind, asset) for kind, asset in assets]
        case ArchiveCampaign():
            return [wire.delete(campaign)]
        case _:  # no other wish is planned
            return []


def _call(step: str, prefix: str, request: Request[Any]) -> Call:
    path = prefix + request.target.replace(_STAND_IN, UNKNOWN)
    return Call(step, request.method, path, None if request.body is None else msgspec.json.decode(request.body))
