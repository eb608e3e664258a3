"""HubSpot's OpenAPI files, read strictly: what schemathesis takes for valid, and what no answer may be.

The files let almost anything pass: any text is a campaign's GUID, every status without a name is an `Error`, and any
object may hold more than is specified. Here requests have the limits that HubSpot's guide states in prose, `default`
stands for 4xx only, and an object of an answer holds what its schema names. Otherwise the schemas are HubSpot's own, save
for two facts about errors that were recorded from the wire.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from campaigns.hubspot.asset_types import ASSET_TYPES
from campaigns.hubspot.properties import LONGEST_NAME, READ_ONLY, STATUSES
from campaigns.hubspot.wire import MOST_IN_A_BATCH, MOST_ON_A_PAGE, AttributionModel, ContactType

Json = dict[str, Any]


class Known(msgspec.Struct, frozen=True):
    """What stands in the portal that is asked: a valid request names these."""

    campaign: str
    clone: str
    budget: int
    spend: int


def sharpened(file: Path, known: Known) -> Json:
    """The specification in *file*, with limits for requests and without loopholes for answers."""
    told: Json = json.loads(file.read_text())
    schemas = told["components"]["schemas"]
    currencies = schemas["PublicBudgetTotals"]["properties"]["currencyCode"]["enum"]
    limits = _bodies(known, currencies)
    for name, schema in schemas.items():
        if name in limits:
            schema["properties"] |= limits[name]
        else:
            schema["additionalProperties"] = False
    _as_recorded(schemas["Error"])
    for path, methods in told["paths"].items():
        for operation in methods.values():
            operation["responses"]["4XX"] = operation["responses"].pop("default")
            for parameter in operation["parameters"]:
                parameter["schema"] |= _limits(parameter, path, known)
    return told


def _as_recorded(error: Json) -> None:
    """Errors on the wire have a `status` besides, and one has been seen without `category`."""
    error["properties"]["status"] = {"type": "string", "enum": ["error"]}
    error["required"].remove("category")


_DATE: Final = {"type": "string", "format": "date"}
_INT32: Final = {"minimum": -(2**31), "maximum": 2**31 - 1}
_AMOUNT: Final = {"minimum": -1e15, "maximum": 1e15}
"""The bound of amounts is not documented."""

_ITEM: Final = {
    "name": {"type": "string"},
    "amount": {"type": "number", **_AMOUNT},
    "order": {"type": "integer", **_INT32},
}


def _writable(currencies: list[str]) -> Json:
    """What the guide says of each property that can be written."""
    return {
        "hs_name": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
        "hs_start_date": _DATE,
        "hs_end_date": _DATE,
        "hs_notes": {"type": "string"},
        "hs_audience": {"type": "string"},
        "hs_currency_code": {"type": "string", "enum": currencies},
        "hs_campaign_status": {"type": "string", "enum": sorted(STATUSES)},
        "hs_utm": {"type": "string", "maxLength": LONGEST_NAME},
        "hs_goal": {"type": "string"},
    }


def _bodies(known: Known, currencies: list[str]) -> Mapping[str, Json]:
    """Limits of what is sent, by schema and member: every schema that a request has is in here."""
    writable = _writable(currencies)
    properties = {"type": "object", "properties": writable, "required": ["hs_name"], "additionalProperties": False}
    campaign = {"type": "string", "enum": [known.campaign]}
    clone = {
        "sourceCampaignGuid": campaign,
        "name": writable["hs_name"],
        "currencyCode": writable["hs_currency_code"],
        "startDate": _DATE,
        "endDate": _DATE,
    }
    items: dict[str, Json] = {
        "PublicCampaignInput": {"properties": properties},
        "PublicCampaignBatchUpdateItem": {"id": campaign, "properties": properties},
        "PublicCampaignReadInput": {"id": campaign},
        "PublicCampaignDeleteInput": {},
    }
    batches: dict[str, Json] = {
        f"BatchInput{item}": {
            "inputs": {
                "type": "array",
                "maxItems": MOST_IN_A_BATCH,
                "items": {"$ref": f"#/components/schemas/{item}"},
            }
        }
        for item in items
    }
    money = {"PublicBudgetItemInput": _ITEM, "PublicSpendItemInput": _ITEM}
    return {**items, **batches, **money, "PublicCampaignCloneInput": clone}


def _limits(parameter: Json, path: str, known: Known) -> Json:
    """The limits of a parameter in the path or the query."""
    asked_for = [*_writable([]), *sorted(READ_ONLY)]
    limits: Mapping[str, Json] = {
        "campaignGuid": {"enum": [known.clone if "/clone/" in path else known.campaign]},
        "assetType": {"enum": list(ASSET_TYPES)},
        "assetId": {"pattern": "^[0-9]{1,18}$"},
        "budgetId": {"enum": [known.budget]},
        "spendId": {"enum": [known.spend]},
        "contactType": {"enum": list(get_args(ContactType))},
        "attributionModel": {"enum": list(get_args(AttributionModel))},
        "sort": {"enum": ["hs_name", "-hs_name", "createdAt", "-createdAt", "updatedAt", "-updatedAt"]},
        "after": {"enum": ["MA==", "Mg==", "NTI1Cg=="]},
        "startDate": _DATE,
        "endDate": _DATE,
        "properties": {"items": {"type": "string", "enum": asked_for}},
    }
    if parameter["name"] == "limit" and parameter["schema"]["type"] == "string":
        return {"pattern": "^([1-9][0-9]?|100)$"}
    if parameter["name"] == "limit":
        return {"minimum": 1, "maximum": MOST_ON_A_PAGE}
    return limits.get(parameter["name"], {})
