"""Drift: where what HubSpot has of a subject's campaign is not what the subject's triggers have asked for. Pure."""

from collections.abc import Iterator

import msgspec

from campaigns.model import Subject
from campaigns.signing import Signing

Assets = frozenset[tuple[str, str]]
"""Type and id of each."""


class Found(msgspec.Struct, frozen=True):
    """What HubSpot has of a campaign: the properties that were asked for, and the assets that its subject speaks of."""

    properties: dict[str, str]
    assets: Assets


class CampaignGone(msgspec.Struct, frozen=True, tag_field="is", tag="campaign_gone"):
    """HubSpot has no such campaign any more: it was archived there."""


class PropertyDiffers(msgspec.Struct, frozen=True, tag_field="is", tag="property_differs"):
    """A property has another value."""

    name: str
    wanted: str
    found: str


class PropertyMissing(msgspec.Struct, frozen=True, tag_field="is", tag="property_missing"):
    """A property has no value."""

    name: str
    wanted: str


class AssetMissing(msgspec.Struct, frozen=True, tag_field="is", tag="asset_missing"):
    """An asset of the wanted set is not attached."""

    type: str
    id: str


class AssetLeft(msgspec.Struct, frozen=True, tag_field="is", tag="asset_left"):
    """An asset that the wanted set has dropped is attached still, or again."""

    type: str
    id: str


class MarkerLost(msgspec.Struct, frozen=True, tag_field="is", tag="marker_lost"):
    """The campaign does not bear the marker by which we know it."""


Difference = CampaignGone | PropertyDiffers | PropertyMissing | AssetMissing | AssetLeft | MarkerLost


def spoken_of(subject: Subject) -> Assets:
    """The assets that must, or must not, be attached; what people have attached beside them is theirs."""
    return frozenset(subject.wanted) | frozenset(subject.gone)


def differences(subject: Subject, found: Found | None, signing: Signing) -> tuple[Difference, ...]:
    """How the campaign of *subject* differs from what is wanted of it, by name.

    What nobody has asked for is no difference, nor is what HubSpot itself may change about a value.

    Args:
        subject: what is kept of it; without a campaign nothing is wanted.
        found: what HubSpot has of that campaign; None when it has none.
        signing: where the portal's campaigns bear their markers.

    """
    if subject.campaign is None:
        return ()
    if found is None:
        return (CampaignGone(),)
    lost = signing.has_lost(subject.marker, found.properties)
    return (*_properties(subject, found, signing), *_assets(subject, found), *((MarkerLost(),) if lost else ()))


def _properties(subject: Subject, found: Found, signing: Signing) -> Iterator[Difference]:
    for name in sorted(signing.differing(subject.values, found.properties)):
        wanted, shown = subject.values[name], signing.text(name, found.properties)
        yield PropertyDiffers(name, wanted, shown) if shown.strip() else PropertyMissing(name, wanted)


def _assets(subject: Subject, found: Found) -> Iterator[Difference]:
    for kind, asset in sorted(set(subject.wanted) - found.assets):
        yield AssetMissing(kind, asset)
    for kind, asset in sorted(found.assets & set(subject.gone)):
        yield AssetLeft(kind, asset)
