"""Which values a campaign's properties take (the guide's table of properties). Where they are kept is in portal.py."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from simulator.answers import INVALID_REQUEST, Problem, Refused, invalid
from simulator.currencies import CURRENCIES
from simulator.portal import Campaign, Portal
from simulator.switches import Switches
from simulator.versions import Version

WRITABLE: Final = frozenset(
    {
        "hs_name", "hs_start_date", "hs_end_date", "hs_notes", "hs_audience", "hs_currency_code",
        "hs_campaign_status", "hs_utm",
    }
)  # fmt: skip
READ_ONLY: Final = frozenset(
    {
        "hs_owner", "hs_color_hex", "hs_created_by_user_id", "hs_object_id", "hs_budget_items_sum_amount",
        "hs_spend_items_sum_amount",
    }
)  # fmt: skip
RETIRED: Final = "hs_goal"  # since 2025-07-09
UNIQUE_KEY: Final = "hs_unique_creation_key"
STATUSES: Final = ("planned", "in_progress", "active", "paused", "completed")
LONGEST: Final = 256  # hs_name and hs_utm
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def is_known(name: str, switches: Switches) -> bool:
    """Say whether the portal has a property of this name, writable or not."""
    return (
        name in WRITABLE
        or name in READ_ONLY
        or (name == UNIQUE_KEY and switches.unique_creation_key == "enforced")
        or (name == RETIRED and switches.retired_goal == "kept")
        or (not name.startswith("hs_") and switches.custom_properties == "any")
    )


def day(text: str) -> date:
    """Read a day.

    Raises:
        Refused: it is not written YYYY-MM-DD.
    """
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise invalid(f"Invalid date format: {text}. Expected format is YYYY-MM-DD")


def accepted(given: Mapping[str, str], version: Version, switches: Switches) -> dict[str, str]:
    """Return the properties to be set, as HubSpot would keep them; an empty value clears.

    Raises:
        Refused: a property is unknown, read-only or has a value that it cannot have.
    """
    rule = version.unknown_property if switches.unknown_property == "by version" else switches.unknown_property
    kept = {}
    for name, value in given.items():
        if name == RETIRED and switches.retired_goal == "ignored":
            continue
        if is_known(name, switches) and name not in READ_ONLY:
            kept[name] = _checked(name, value, switches)
        elif rule == "400":
            why = "is read only" if name in READ_ONLY else "does not exist"
            raise invalid(f'Property "{name}" {why}')
    return kept


def check_campaign(portal: Portal, before: Campaign | None, given: Mapping[str, str], switches: Switches) -> None:
    """Check what the properties must be together and among campaigns; `before` is None for a new campaign.

    Raises:
        Refused: the name is missing or taken, the creation key is taken, or the campaign ends before it starts.
    """
    if before is None and not given.get("hs_name"):
        # Recorded without a category, 2026-05.
        raise Refused(Problem(400, "Campaign create request must include 'hs_name' property.", category=None))
    name = given.get("hs_name")
    if name == "":
        raise invalid("Property hs_name must not be empty")
    if name is not None and (before is None or before.name != name) and portal.is_taken(name):
        _refuse_name(name, switches)
    key = given.get(UNIQUE_KEY)
    if key and any(other is not before and other.properties.get(UNIQUE_KEY) == key for other in portal.standing):
        raise Refused(Problem(409, f"A campaign with {UNIQUE_KEY} '{key}' already exists", category="CONFLICT"))
    both = (before.properties if before else {}) | dict(given)
    start, end = both.get("hs_start_date"), both.get("hs_end_date")
    if switches.end_before_start == "400" and start and end and end < start:
        raise invalid("Campaign end date must not be before its start date")


def _refuse_name(name: str, switches: Switches) -> None:
    message = f"Campaign with name '{name}' already exists"
    match switches.duplicate_name:
        case "409":
            raise Refused(Problem(409, message, category="CONFLICT", sub_category=INVALID_REQUEST))
        case "400":
            raise invalid(message)
        case "allow":
            return


def _checked(name: str, value: str, switches: Switches) -> str:
    if name == "hs_name" and switches.name_spaces == "trimmed":
        value = value.strip()
    if not value:
        return value
    match name:
        case "hs_name" | "hs_utm" if len(value) > LONGEST:
            return _shortened(name, value, switches)
        case "hs_start_date" | "hs_end_date":
            day(value)
        case "hs_currency_code" if value not in CURRENCIES:
            raise invalid(f"Invalid currency code: {value}")
        case "hs_campaign_status" if value.lower() not in STATUSES:
            raise invalid(f"Invalid campaign status: {value}. Allowed values: {', '.join(STATUSES)}")
        case "hs_campaign_status":
            return value.lower()
        case _:
            pass
    return value


def _shortened(name: str, value: str, switches: Switches) -> str:
    match switches.long_value:
        case "400":
            raise invalid(f"Property {name} must not be longer than {LONGEST} characters")
        case "cut":
            return value[:LONGEST]
        case "accept":
            return value
