"""What can be said of a campaign's properties before a call is spent on them. Pure.

HubSpot's guide names the properties (https://developers.hubspot.com/docs/guides/api/marketing/campaigns). Portals may
define others, so an unknown name passes: only that portal can say.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import msgspec

LONGEST_NAME: Final = 256
"""Characters that `hs_name` and `hs_utm` may have."""

STATUSES: Final = frozenset({"planned", "in_progress", "active", "paused", "completed"})

READ_ONLY: Final = frozenset(
    {
        "hs_owner",
        "hs_color_hex",
        "hs_created_by_user_id",
        "hs_object_id",
        "hs_budget_items_sum_amount",
        "hs_spend_items_sum_amount",
    }
)
"""HubSpot answers 400 to an update of one."""

RETIRED: Final = {"hs_goal": "HubSpot retired it on 2025-07-09: it is accepted, ignored and never returned"}

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


class Objection(msgspec.Struct, frozen=True):
    """What is wrong with one property.

    Attributes:
        stops: whether HubSpot would refuse the call; otherwise it is a warning.

    """

    property: str
    why: str
    stops: bool = True


def objections(properties: Mapping[str, str], *, creating: bool) -> tuple[Objection, ...]:
    """What is wrong with *properties*, stopping objections first.

    Args:
        properties: names and values; "" clears a property.
        creating: a new campaign must have a name; a change must not take it away.

    """
    found = [objection for name, value in properties.items() if (objection := _objection(name, value))]
    if creating and not properties.get("hs_name", "").strip():
        found.append(Objection("hs_name", "a campaign must have a name"))
    if not creating and "hs_name" in properties and not properties["hs_name"].strip():
        found.append(Objection("hs_name", "a campaign cannot lose its name"))
    begin, end = properties.get("hs_start_date", ""), properties.get("hs_end_date", "")
    if end < begin and _is_day(begin) and _is_day(end):
        found.append(Objection("hs_end_date", f"{end} is before hs_start_date {begin}", stops=False))
    return tuple(sorted(found, key=lambda objection: not objection.stops)) if found else ()


def shown(name: str, value: str | None) -> str:
    """A value without what HubSpot may change about it: spaces around it, the case of a status; None as if cleared."""
    text = (value or "").strip()
    return text.casefold() if name == "hs_campaign_status" else text


def _objection(name: str, value: str) -> Objection | None:
    """What is wrong with one property, by itself."""
    if name in RETIRED:
        return Objection(name, RETIRED[name], stops=False)
    if name in READ_ONLY:
        return Objection(name, "HubSpot sets it itself: it cannot be written")
    if name not in _RULES or not value:
        return None
    fits, why = _RULES[name]
    return None if fits(value) else Objection(name, f"{value[:LONGEST_NAME]!r} {why}")


def _is_day(value: str) -> bool:
    if not _DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_short(value: str) -> bool:
    return len(value) <= LONGEST_NAME


_RULES: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "hs_name": (_is_short, f"has more than {LONGEST_NAME} characters"),
    "hs_utm": (_is_short, f"has more than {LONGEST_NAME} characters"),
    "hs_start_date": (_is_day, "is no day in the form YYYY-MM-DD"),
    "hs_end_date": (_is_day, "is no day in the form YYYY-MM-DD"),
    "hs_currency_code": (lambda value: bool(_CURRENCY.fullmatch(value)), "is no ISO 4217 code, such as EUR"),
    "hs_campaign_status": (STATUSES.__contains__, f"is none of {', '.join(sorted(STATUSES))}"),
}
