"""GET /v1/subjects/{portal}/{subject}/diff: what is wanted of the subject's campaign, and what HubSpot has."""

from typing import Final, TypeVar

import msgspec

from campaigns import drift
from campaigns.drift import Assets, Difference, Found
from campaigns.errors import Refused
from campaigns.hubspot import wire
from campaigns.hubspot.attached import attached
from campaigns.hubspot.wire import Request
from campaigns.model import Subject
from service.looks import Looks
from service.problems import HubSpotAway

T = TypeVar("T")

ABSENT: Final = 404
"""HubSpot's status for a campaign that it does not have."""


class AssetView(msgspec.Struct, frozen=True):
    """An asset by HubSpot's code of its type and its id."""

    type: str
    id: str


class SideView(msgspec.Struct, frozen=True):
    """One side of the comparison: properties, and assets among those that the subject speaks of."""

    properties: dict[str, str]
    assets: tuple[AssetView, ...]


class DriftView(msgspec.Struct, frozen=True):
    """How a subject's campaign has drifted.

    Attributes:
        campaign: HubSpot's id; null while it has none, and then nothing is wanted.
        wanted: what the subject's triggers have set last.
        found: what HubSpot has of that; null: it does not have the campaign.
        differences: what `campaign.mend` would mend; none: HubSpot has what is wanted.

    """

    portal: str
    subject: str
    campaign: str | None
    wanted: SideView
    found: SideView | None
    differences: tuple[Difference, ...]


async def look(looks: Looks, portal: str, name: str, subject: Subject) -> DriftView:
    """Compare what is wanted of the subject *name* with what HubSpot has; raises as `Looks.ask`."""
    if subject.campaign is None:
        return DriftView(portal, name, None, wanted=SideView({}, ()), found=None, differences=())
    found = await _found(looks, portal, subject, subject.campaign)
    signing = looks.signing(portal)
    read = {one: signing.text(one, found.properties) for one in subject.values} if found else {}
    return DriftView(
        portal=portal,
        subject=name,
        campaign=subject.campaign,
        wanted=SideView(subject.values, _told(frozenset(subject.wanted))),
        found=SideView({one: text for one, text in read.items() if text}, _told(found.assets)) if found else None,
        differences=drift.differences(subject, found, signing),
    )


async def _found(looks: Looks, portal: str, subject: Subject, campaign: str) -> Found | None:
    async def ask(request: Request[T], /) -> T:
        return await looks.ask(portal, request)

    spoken_of = drift.spoken_of(subject)
    try:
        now = await ask(wire.read(campaign, looks.signing(portal).reads(subject.values)))
        there = await attached(ask, now, {kind for kind, _ in spoken_of})
    except Refused as refusal:
        if refusal.problem.status != ABSENT:
            raise HubSpotAway(f"HubSpot: {refusal}") from refusal
        return None
    return Found(now.properties, there & spoken_of)


def _told(assets: Assets) -> tuple[AssetView, ...]:
    return tuple(AssetView(kind, asset) for kind, asset in sorted(assets))
