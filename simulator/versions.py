"""The five prefixes of one campaigns API and where they differ (HubSpot's OpenAPI files of 2026-08-21).

What an operation does is in routes/; what nobody knows about a version is a switch, in switches.py.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

REVENUE: Final = "marketing.campaigns.revenue.read"
ANY_REVENUE: Final = (REVENUE, "marketing.campaigns.revenue.lite.read", "marketing.campaigns.revenue.full.read")


class Version(msgspec.Struct, frozen=True):
    """One version of the API.

    Attributes:
        name: as HubSpot writes it, `v3` or `2026-03`.
        prefix: the path of the collection of campaigns.
        partial_failure: the status of a batch of which a part failed; `2xx` keeps the status of success.
        unknown_property: the answer to an unknown or read-only property.
        location: whether 201 bears a `Location` header.
        revenue_scopes: any one of them opens the revenue report.
        clone: whether campaigns can be cloned and asset types asked for.
    """

    name: str
    prefix: str
    partial_failure: Literal["207", "2xx"] = "207"
    unknown_property: Literal["400", "ignore"] = "400"
    location: bool = True
    revenue_scopes: tuple[str, ...] = ANY_REVENUE
    clone: bool = False


def _plain(name: str) -> Version:
    """Describe 2025-09 and 2026-09, whose files differ in the version's name only."""
    return Version(
        name=name,
        prefix=f"/marketing/campaigns/{name}",
        partial_failure="2xx",
        unknown_property="ignore",
        location=False,
        revenue_scopes=(REVENUE,),
    )


VERSIONS: Final[Mapping[str, Version]] = {
    "v3": Version(name="v3", prefix="/marketing/v3/campaigns"),
    "2025-09": _plain("2025-09"),
    "2026-03": Version(name="2026-03", prefix="/marketing/campaigns/2026-03"),
    "2026-09": _plain("2026-09"),
    "2026-09-beta": Version(
        name="2026-09-beta",
        prefix="/marketing/campaigns/2026-09-beta",
        unknown_property="ignore",
        clone=True,
    ),
}


def as_it_stands(version: Version, surface: Literal["stub", "as beta"]) -> Version:
    """Return what a version does, given what 2026-09 became: as its file says, or as the beta before it."""
    if version.name != "2026-09" or surface == "stub":
        return version
    return msgspec.structs.replace(VERSIONS["2026-09-beta"], name=version.name, prefix=version.prefix)
