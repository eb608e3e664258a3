"""Create, read, list, update and delete one campaign."""

import re
from typing import Final
from urllib.parse import unquote

import msgspec

from simulator import cursors
from simulator.answers import Answer, invalid, not_found
from simulator.bodies import both_dates, campaign_body, campaign_with_assets, paging, wanted_properties
from simulator.listing import SORTS, Wanted
from simulator.operation import Call, Operation, parsed
from simulator.portal import Campaign
from simulator.properties import accepted, check_campaign
from simulator.switches import Switches
from simulator.world import World

DEFAULT_LIMIT: Final = 50
MOST: Final = 100  # rows of a page
COLOUR: Final = "#FF7A59"
OWNER: Final = "1001"
LIMIT: Final = re.compile(r"[0-9]{1,9}")
_GUID_PARTS: Final = (8, 4, 4, 4, 12)


class CampaignInput(msgspec.Struct, frozen=True):
    """What a campaign is created or updated with."""

    properties: dict[str, str]


def found(world: World, campaign_id: str) -> Campaign:
    """Return a campaign by GUID.

    Raises:
        Refused: 400, it is no GUID; 404, there is no such campaign.
    """
    campaign = world.portal.find(campaign_id)
    if campaign is not None:
        return campaign
    if tuple(map(len, campaign_id.split("-"))) != _GUID_PARTS:
        raise invalid(f"Invalid campaign GUID format: {campaign_id}")
    raise not_found(f"Campaign with GUID {campaign_id} not found")


def make(world: World, call: Call, given: dict[str, str]) -> Campaign:
    """Create a campaign.

    Raises:
        Refused: a property or the whole is not accepted.
    """
    switches = world.switches
    properties = accepted(given, call.version, switches)
    check_campaign(world.portal, None, properties, switches)
    properties = {name: value for name, value in properties.items() if value}
    if switches.default_status != "absent":
        properties.setdefault("hs_campaign_status", switches.default_status)
    if switches.assigned_utm == "later":
        properties.setdefault("hs_utm", f"{properties['hs_name'].lower().replace(' ', '-')}-{world.portal.changes}")
    properties |= {"hs_color_hex": COLOUR, "hs_owner": OWNER, "hs_created_by_user_id": OWNER}
    lag = max(call.trouble.lag_ms, int(switches.lookup_lag_s) * 1000)
    return world.portal.create(properties, now=call.time, lag=lag)


def alter(world: World, call: Call, campaign_id: str, given: dict[str, str]) -> Campaign:
    """Overwrite properties of a campaign.

    Raises:
        Refused: there is no such campaign, or a property is not accepted.
    """
    campaign = found(world, campaign_id)
    properties = accepted(given, call.version, world.switches)
    check_campaign(world.portal, campaign, properties, world.switches)
    world.portal.change(campaign, properties, call.time)
    return campaign


def _create(world: World, call: Call) -> Answer:
    given = parsed(call.body, CampaignInput).properties
    campaign = make(world, call, given)
    headers = {"Location": f"{call.origin}{call.version.prefix}/{campaign.id}"} if call.version.location else {}
    return Answer(201, campaign_body(campaign, given, world.switches), headers, (campaign.id,))


def _read(world: World, call: Call) -> Answer:
    campaign = found(world, call.params["campaign"])
    names = wanted_properties(call, world.switches)
    both_dates(call)  # a date that is none is refused, also where there is nothing to measure
    return Answer(200, campaign_with_assets(call, campaign, names, world.switches, call.version.prefix))


def _update(world: World, call: Call) -> Answer:
    given = parsed(call.body, CampaignInput).properties
    campaign = alter(world, call, call.params["campaign"], given)
    return Answer(200, campaign_body(campaign, given, world.switches), campaigns=(campaign.id,))


def _delete(world: World, call: Call) -> Answer:
    campaign_id = call.params["campaign"]
    campaign = world.portal.find(campaign_id)
    if campaign is not None:
        world.portal.archive(campaign)
    return Answer(204, campaigns=(campaign_id,))


def _list(world: World, call: Call) -> Answer:
    switches = world.switches
    sort = _sort(call.asked("sort") or "hs_name", switches)
    wanted = Wanted(
        needle=call.asked("name") or "",
        minds_case=switches.name_filter == "minds case",
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        offset=_offset(call.asked("after"), switches),
        limit=limit_of(call, default=DEFAULT_LIMIT),
    )
    names = wanted_properties(call, switches)
    page = world.listing.page(wanted, call.time)
    body: dict[str, object] = {
        "total": page.total,
        "results": [campaign_body(row, names, switches) for row in page.rows],
    }
    if page.next_offset is not None:
        body["paging"] = paging(call.origin + call.version.prefix, call.query, page.next_offset)
    return Answer(200, body)


def limit_of(call: Call, *, default: int) -> int:
    """Read `limit`, 1 to 100.

    Raises:
        Refused: it is something else.
    """
    text = call.asked("limit")
    if not text:
        return default
    if not (LIMIT.fullmatch(text) and 1 <= int(text) <= MOST):
        raise invalid(f"limit must be between 1 and {MOST}: {text}")
    return int(text)


def _sort(text: str, switches: Switches) -> str:
    hyphen, name = ("-", text[1:]) if text.startswith("-") else ("", text)
    if switches.sort_constant == "accept":
        name = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt", "HS_NAME": "hs_name"}.get(name, name)
    if name not in SORTS:
        raise invalid(f"Invalid sort: {text}. Allowed values: {', '.join(SORTS)}")
    return hyphen + name


def _offset(after: str | None, switches: Switches) -> int:
    """Read the cursor of a list; one that is still percent-encoded was encoded twice."""
    if after and "%" in after:
        match switches.double_encoded_cursor:
            case "accept":
                after = unquote(after)
            case "first page":
                return 0
            case "400":
                pass
    return cursors.read(after, first=0)


OPERATIONS: Final = (
    Operation("GET", "/", "read", _list),
    Operation("POST", "/", "write", _create, changes=True),
    Operation("GET", "/{campaign:str}", "read", _read),
    Operation("PATCH", "/{campaign:str}", "write", _update, changes=True),
    Operation("DELETE", "/{campaign:str}", "write", _delete, changes=True),
)
