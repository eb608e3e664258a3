"""What a trial can say of a run before anything is sent: each check is fine, or a warning to whoever wrote it. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from campaigns.health import PortalCount
from campaigns.hubspot.asset_types import doubt_about
from campaigns.hubspot.properties import objections
from campaigns.model import Run
from campaigns.quota import Limit
from campaigns.wishes import AttachAsset, CreateCampaign, UpdateCampaign


class Check(msgspec.Struct, frozen=True):
    """One check, and what it found, in words for a person."""

    check: Literal["recipe", "key", "name", "properties", "dates", "assets", "portal", "quota"]
    outcome: Literal["ok", "warning"]
    detail: str


class Known(msgspec.Struct, frozen=True):
    """What the checks go by.

    Attributes:
        today: in the portal's zone.
        replays: the run that the trigger's key names already.
        portal: what stands where on it.
        limit: what it may ask of HubSpot.

    """

    today: date
    replays: str | None
    portal: PortalCount
    limit: Limit


def checks(run: Run, known: Known) -> tuple[Check, ...]:
    """All checks of *run*."""
    return (
        Check("recipe", "ok", f"{run.recipe} answers to {run.trigger.type}"),
        _key(known),
        Check("name", "ok", f"{run.campaign_name!r}: HubSpot decides whether it may have that of another campaign"),
        _judged("properties", _properties(run)),
        _judged("dates", _dates(run, known.today)),
        _judged("assets", _assets(run)),
        _judged("portal", _portal(known.portal)),
        _quota(known),
    )


def _key(known: Known) -> Check:
    if known.replays is None:
        return Check("key", "ok", "it is new")
    return Check("key", "warning", f"it names run {known.replays} already: nothing more would be done")


def _judged(check: Literal["properties", "dates", "assets", "portal"], warnings: Iterable[str]) -> Check:
    found = "; ".join(warnings)
    return Check(check, "warning" if found else "ok", found or "nothing to object")


def _properties(run: Run) -> Iterable[str]:
    for properties, creating in _written(run):
        for objection in objections(properties, creating=creating):
            if not objection.property.endswith("_date"):
                yield f"{objection.property}: {objection.why}"


def _dates(run: Run, today: date) -> Iterable[str]:
    for properties, creating in _written(run):
        for objection in objections(properties, creating=creating):
            if objection.property.endswith("_date"):
                yield f"{objection.property}: {objection.why}"
        end = properties.get("hs_end_date", "")
        if end and end < today.isoformat():
            yield f"hs_end_date: {end} is over"


def _written(run: Run) -> Iterable[tuple[dict[str, str], bool]]:
    for step in run.steps:
        if isinstance(step.wish, CreateCampaign | UpdateCampaign):
            yield step.wish.properties, isinstance(step.wish, CreateCampaign)


def _assets(run: Run) -> Iterable[str]:
    types = dict.fromkeys(step.wish.type for step in run.steps if isinstance(step.wish, AttachAsset))
    return filter(None, map(doubt_about, types))


def _portal(portal: PortalCount) -> Iterable[str]:
    if portal.paused:
        yield "an operator has paused it: runs wait until it is resumed"
    if portal.why is not None:
        yield f"it is left alone for now ({portal.why}): runs wait"


def _quota(known: Known) -> Check:
    left = max(known.limit.per_window - known.portal.places, 0)
    waiting = known.portal.line + known.portal.flight
    detail = f"{left} of {known.limit.per_window} calls in ten seconds are left; {waiting} runs are ahead"
    return Check("quota", "ok" if left else "warning", detail)
