"""How the portal's things are written: the schemas of HubSpot's OpenAPI files, as they look on the wire."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode

from simulator import cursors
from simulator.answers import invalid
from simulator.assets import METRICS, metrics
from simulator.operation import Call
from simulator.portal import Campaign, Item
from simulator.properties import day, is_known
from simulator.switches import Switches

Body = dict[str, object]

NO_BRAND: Final = 0  # recorded: a portal without brands answers [{"id": 0}]
SOME_BRAND: Final = 1_234_567
ASSETS_ON_A_PAGE: Final = 10


def iso(time: int) -> str:
    """Write milliseconds since 1970 as HubSpot writes times of campaigns."""
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wanted_properties(call: Call, switches: Switches) -> tuple[str, ...]:
    """Read `properties`: comma-separated, repeated, or both.

    Raises:
        Refused: one is unknown, and the switch says that this is a 400.
    """
    names = tuple(name.strip() for part in call.query.get("properties", ()) for name in part.split(",") if name.strip())
    if switches.unknown_requested == "400":
        for name in names:
            if not is_known(name, switches):
                raise invalid(f'Property "{name}" does not exist')
    return names


def campaign_body(campaign: Campaign, properties: Iterable[str], switches: Switches) -> Body:
    """Write a campaign with those of the named properties that have a value."""
    held = campaign.all_properties()
    shown = {name: held[name] for name in properties if name in held}
    if switches.status_casing == "upper" and "hs_campaign_status" in shown:
        shown["hs_campaign_status"] = shown["hs_campaign_status"].upper()
    return {
        "id": campaign.id,
        "properties": shown,
        "createdAt": iso(campaign.created),
        "updatedAt": iso(campaign.updated),
        "businessUnits": [{"id": NO_BRAND if switches.brands == "none" else SOME_BRAND}],
    }


def both_dates(call: Call) -> bool:
    """Say whether both `startDate` and `endDate` are given: only then there are metrics of assets.

    Raises:
        Refused: a date is not a date.
    """
    dates = [day(text) for name in ("startDate", "endDate") if (text := call.asked(name))]
    return len(dates) == 2  # noqa: PLR2004  both


def asset_page(call: Call, campaign: Campaign, asset_type: str, *, after: int, limit: int, prefix: str) -> Body:
    """Write one page of a campaign's assets of one type, those with an id greater than `after`."""
    ids = [asset_id for asset_id in campaign.assets.get(asset_type, ()) if int(asset_id) > after]
    shown = ids[:limit]
    measured = both_dates(call) and METRICS[asset_type]
    results: list[Body] = [{"id": asset_id, "name": f"{asset_type} {asset_id}"} for asset_id in shown]
    if measured:
        for result in results:
            result["metrics"] = metrics(asset_type, str(result["id"]))
    page: Body = {"results": results}
    if len(ids) > limit:
        query = {name: call.query[name] for name in ("startDate", "endDate") if name in call.query}
        path = f"{prefix}/{campaign.id}/assets/{asset_type}"
        page["paging"] = paging(call.origin + path, {"limit": [str(limit)], **query}, int(shown[-1]))
    return page


def campaign_with_assets(
    call: Call, campaign: Campaign, properties: Iterable[str], switches: Switches, prefix: str
) -> Body:
    """Write a campaign with the first page of each type of asset that it has."""
    assets = {
        asset_type: asset_page(call, campaign, asset_type, after=-1, limit=ASSETS_ON_A_PAGE, prefix=prefix)
        for asset_type, ids in campaign.assets.items()
        if ids
    }
    return {**campaign_body(campaign, properties, switches), "assets": assets}


def paging(address: str, query: Mapping[str, list[str]], position: int) -> Body:
    """Write the way to the next page: the cursor is percent-encoded already, as HubSpot hands it out."""
    after = cursors.encode(position)
    asked = urlencode(
        [(name, value) for name, values in query.items() for value in values if name != "after"], quote_via=quote
    )
    return {"next": {"after": after, "link": f"{address}?{asked}{'&' if asked else ''}after={after}"}}


def item_body(item: Item) -> Body:
    """Write a budget or spend item."""
    body: Body = {
        "id": str(item.id),
        "name": item.name,
        "amount": item.amount,
        "order": item.order,
        "createdAt": item.created,
        "updatedAt": item.updated,
    }
    if item.description is not None:
        body["description"] = item.description
    return body
