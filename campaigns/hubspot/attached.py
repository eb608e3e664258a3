"""Which assets a campaign has, all pages of them, whoever makes the calls."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from campaigns.hubspot import wire
from campaigns.hubspot.types import CampaignWithAssets
from campaigns.hubspot.wire import Request

T = TypeVar("T")


class Ask(Protocol):
    """Makes one call, and gives what its answer holds."""

    async def __call__(self, request: Request[T], /) -> T:
        """Send *request* once."""
        ...


async def attached(ask: Ask, campaign: CampaignWithAssets, kinds: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Type and id of each asset of these *kinds* that the campaign has.

    Args:
        ask: called for each page of a kind that *campaign* does not hold whole.
        campaign: as it was just read.
        kinds: codes of `asset_types`.

    """
    return frozenset([(kind, asset) for kind in kinds for asset in await _of_kind(ask, campaign, kind)])


async def _of_kind(ask: Ask, campaign: CampaignWithAssets, kind: str) -> set[str]:
    first = campaign.assets.get(kind)
    if first is None or first.after is None:
        return {asset.id for asset in first.results} if first else set()
    found: set[str] = set()
    after: str | None = None  # anew: nothing says that the cursor of a campaign's page is one of the list
    walked: set[str | None] = set()
    while after not in walked:
        walked.add(after)
        page = await ask(wire.assets_page(campaign.id, kind, limit=wire.MOST_ON_A_PAGE, after=after))
        found.update(asset.id for asset in page.results)
        after = page.after
    return found
