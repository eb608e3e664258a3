"""Single campaigns and the collection: requests to build, answers to read."""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from campaigns.hubspot.types import Asset, Campaign, CampaignWithAssets, Page
from campaigns.hubspot.wire.exchange import Answer, Request, names, packed, page_size, segment, told
from campaigns.hubspot.wire.fields import (
    certain,
    decoded,
    every,
    identity,
    mapping,
    moment,
    number,
    present,
    strings,
    text,
    whole,
)


def create(properties: Mapping[str, str]) -> Request[Campaign]:
    """Create a campaign; `hs_name` is the one property that it must have."""
    body = packed({"properties": properties})
    return Request("campaign.create", "POST", "", read_campaign, body=body, changes=True)


def read(
    campaign: str, properties: Iterable[str] = (), *, start_date: str | None = None, end_date: str | None = None
) -> Request[CampaignWithAssets]:
    """Read a campaign and the first page of its assets of each type.

    Args:
        campaign: its GUID.
        properties: only names that the portal knows: whether others are ignored or a 400 is not settled.
        start_date: YYYY-MM-DD; without both dates there are no asset metrics.
        end_date: YYYY-MM-DD.

    """
    query = told(("properties", names(properties)), ("startDate", start_date), ("endDate", end_date))
    return Request("campaign.read", "GET", f"/{segment(campaign)}", read_with_assets, query=query)


def find(
    *,
    name: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    after: str | None = None,
    properties: Iterable[str] = (),
) -> Request[Page[Campaign]]:
    """One page of the portal's campaigns.

    Args:
        name: a part of `hs_name`; the exact match is the caller's business.
        sort: `hs_name` (HubSpot's default), `createdAt` or `updatedAt`; a leading hyphen turns it round. The guide's
            example `-CREATED_AT` is in no list of what is allowed.
        limit: 1 to 100; 50 if None.
        after: `Page.after` of the page before.
        properties: see `read`; none gives campaigns without properties.

    """
    query = told(
        ("name", name), ("sort", sort), ("limit", page_size(limit)), ("after", after), ("properties", names(properties))
    )
    return Request("campaign.find", "GET", "", read_page_of_campaigns, query=query)


def update(campaign: str, properties: Mapping[str, str]) -> Request[Campaign]:
    """Overwrite these properties; "" clears one. An unknown or read-only one is a 400."""
    body = packed({"properties": properties})
    return Request("campaign.update", "PATCH", f"/{segment(campaign)}", read_campaign, body=body, changes=True)


def delete(campaign: str) -> Request[None]:
    """Delete a campaign. HubSpot answers 204 whether there was one or not: only a read tells."""
    return Request("campaign.delete", "DELETE", f"/{segment(campaign)}", read_nothing, changes=True)


# --- answers ---


def read_nothing(_: Answer) -> None:
    """Nothing: the status has said it all."""


def read_campaign(answer: Answer) -> Campaign:
    """A campaign.

    Raises:
        Unreadable: there is none, or it has no id; then it may exist and nobody knows which it is.

    """
    return certain(campaign_in(decoded(answer.body)), "campaign")


def read_with_assets(answer: Answer) -> CampaignWithAssets:
    """A campaign with its assets; raises as `read_campaign`."""
    return certain(with_assets_in(decoded(answer.body)), "campaign")


def read_page_of_campaigns(answer: Answer) -> Page[Campaign]:
    """A page of campaigns. A row without an id spoils it: who walks pages must not take a part for all.

    Raises:
        Unreadable: it is no page, or one of its rows is no campaign.

    """
    body = decoded(answer.body)
    return Page(every(body.get("results"), campaign_in), cursor_in(body), whole(body.get("total")))


def campaign_in(value: object) -> Campaign | None:
    """The campaign in a part of an answer, if it has an id."""
    row = mapping(value)
    found = identity(row.get("id"))
    return (
        Campaign(
            found,
            strings(row.get("properties")),
            moment(row.get("createdAt")),
            moment(row.get("updatedAt")),
            _units(row),
        )
        if found
        else None
    )


def with_assets_in(value: object) -> CampaignWithAssets | None:
    """The campaign with assets in a part of an answer, if it has an id."""
    row, found = mapping(value), campaign_in(value)
    if found is None:
        return None
    assets = {
        kind: Page(present(mapping(page).get("results"), asset_in), cursor_in(mapping(page)))
        for kind, page in mapping(row.get("assets")).items()
    }
    return CampaignWithAssets(
        found.id, found.properties, found.created_at, found.updated_at, found.business_units, assets
    )


def asset_in(value: object) -> Asset | None:
    """The asset in a part of an answer, if it has an id."""
    row = mapping(value)
    found = identity(row.get("id"))
    metrics = {name: count for name, told in mapping(row.get("metrics")).items() if (count := number(told)) is not None}
    return Asset(found, text(row.get("name")), metrics) if found else None


def cursor_in(body: Mapping[str, object]) -> str | None:
    """The next page's cursor, or None on the last page.

    It arrives percent-encoded (`Mg%3D%3D`), and whether HubSpot decodes it twice is not known: decoded here once, it is
    encoded once when it is sent. HubSpot's own Python SDK sends `Mg%253D%253D`.
    """
    following = mapping(mapping(body.get("paging")).get("next"))
    found = text(following.get("after"))
    return unquote(found) if found else None


def _units(row: Mapping[str, object]) -> tuple[int, ...]:
    return present(row.get("businessUnits"), lambda unit: whole(mapping(unit).get("id")))
