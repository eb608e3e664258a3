"""Assets of a campaign: requests to build, answers to read. Which types there are is `asset_types`."""

from campaigns.hubspot.types import Asset, Page
from campaigns.hubspot.wire.campaigns import asset_in, cursor_in, read_nothing
from campaigns.hubspot.wire.exchange import Answer, Request, page_size, segment, told
from campaigns.hubspot.wire.fields import decoded, every, present, text


def assets_page(
    campaign: str,
    asset_type: str,
    *,
    limit: int | None = None,
    after: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
) -> Request[Page[Asset]]:
    """One page of a campaign's assets of one type.

    Args:
        campaign: its GUID.
        asset_type: a code of `asset_types`; HubSpot may answer a wrong one like a type without assets.
        limit: 1 to 100; 10 if None.
        after: `Page.after` of the page before; no cursor of another collection.
        start_date: YYYY-MM-DD; without both dates there are no metrics.
        end_date: YYYY-MM-DD.

    """
    query = told(("limit", page_size(limit)), ("after", after), ("startDate", start_date), ("endDate", end_date))
    path = f"/{segment(campaign)}/assets/{segment(asset_type)}"
    return Request("asset.page", "GET", path, read_page_of_assets, query=query)


def attach(campaign: str, asset_type: str, asset: str) -> Request[None]:
    """Attach an asset. The 2026-03 page says of this path "to disassociate"; the verb decides, not that sentence."""
    return Request("asset.attach", "PUT", _path(campaign, asset_type, asset), read_nothing, changes=True)


def detach(campaign: str, asset_type: str, asset: str) -> Request[None]:
    """Detach an asset."""
    return Request("asset.detach", "DELETE", _path(campaign, asset_type, asset), read_nothing, changes=True)


def asset_types() -> Request[tuple[str, ...]]:
    """The codes of the types that may be attached; only 2026-09-beta tells."""
    return Request("asset.types", "GET", "/asset-types", read_codes)


def read_page_of_assets(answer: Answer) -> Page[Asset]:
    """A page of assets; raises `Unreadable` if it is none or one of its rows has no id."""
    body = decoded(answer.body)
    return Page(every(body.get("results"), asset_in), cursor_in(body))


def read_codes(answer: Answer) -> tuple[str, ...]:
    """The texts among the results."""
    return present(decoded(answer.body).get("results"), text)


def _path(campaign: str, asset_type: str, asset: str) -> str:
    return f"/{segment(campaign)}/assets/{segment(asset_type)}/{segment(asset)}"
