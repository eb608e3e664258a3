"""The reports of a campaign: metrics, revenue, contacts. The numbers are made up, the same for the same campaign."""

from typing import Final
from zlib import crc32

from simulator import cursors
from simulator.answers import Answer, invalid
from simulator.bodies import both_dates, paging
from simulator.operation import Call, Operation
from simulator.routes.campaigns import MOST, found, limit_of
from simulator.routes.items import CURRENCY
from simulator.world import World

CONTACT_TYPES: Final = ("contactFirstTouch", "contactLastTouch", "influencedContacts")
MODELS: Final = (
    "LINEAR", "FIRST_INTERACTION", "LAST_INTERACTION", "FULL_PATH", "U_SHAPED", "W_SHAPED", "TIME_DECAY", "J_SHAPED",
    "INVERSE_J_SHAPED",
)  # fmt: skip
MOST_CONTACTS: Final = 250
FIRST_CONTACT: Final = 501


def _number(campaign_id: str, of: str, below: int) -> int:
    return crc32(f"{campaign_id}/{of}".encode()) % below


def _metrics(world: World, call: Call) -> Answer:
    campaign = found(world, call.params["campaign"])
    both_dates(call)
    names = ("sessions", "newContactsFirstTouch", "newContactsLastTouch", "influencedContacts")
    return Answer(200, {name: _number(campaign.id, name, 1000) for name in names})


def _revenue(world: World, call: Call) -> Answer:
    campaign = found(world, call.params["campaign"])
    if not both_dates(call) and world.switches.unbounded_revenue == "400":
        raise invalid("startDate and endDate are required")
    model = call.asked("attributionModel") or "LINEAR"
    if model not in MODELS:
        raise invalid(f"Invalid attribution model: {model}")
    deals = _number(campaign.id, "deals", 20)
    body = {
        "contactsNumber": _number(campaign.id, "contacts", 100),
        "currencyCode": campaign.properties.get("hs_currency_code", CURRENCY),
        "dealAmount": deals * 100.0,
        "dealsNumber": deals,
        "revenueAmount": float(_number(campaign.id, model, 10_000)),
    }
    return Answer(200, body)


def _contacts(world: World, call: Call) -> Answer:
    campaign = found(world, call.params["campaign"])
    kind = call.params["contact_type"]
    if kind not in CONTACT_TYPES:
        raise invalid(f"Invalid contact type: {kind}. Allowed values: {', '.join(CONTACT_TYPES)}")
    both_dates(call)
    limit = limit_of(call, default=MOST)
    after = cursors.read(call.asked("after"), first=FIRST_CONTACT - 1)
    last = FIRST_CONTACT + _number(campaign.id, kind, MOST_CONTACTS)
    ids = range(after + 1, last)
    body: dict[str, object] = {"results": [{"id": str(contact)} for contact in ids[:limit]]}
    if len(ids) > limit:
        address = f"{call.origin}{call.version.prefix}/{campaign.id}/reports/contacts/{kind}"
        body["paging"] = paging(address, call.query, ids[limit - 1])
    return Answer(200, body)


OPERATIONS: Final = (
    Operation("GET", "/{campaign:str}/reports/metrics", "read", _metrics),
    Operation("GET", "/{campaign:str}/reports/revenue", "revenue", _revenue),
    Operation("GET", "/{campaign:str}/reports/contacts/{contact_type:str}", "read", _contacts),
)
