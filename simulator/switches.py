"""What nobody knows about HubSpot, or what has changed: one switch each, with every answer a client must survive.

The first answer of a switch is its default. `STANDS_FOR` names the section of the contract (HubSpot's specifications,
guides and what others recorded) or the row of the founding pages behind each.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args, get_type_hints

import msgspec


class Switches(msgspec.Struct, frozen=True):
    """The position of every switch."""

    # The portal and who asks.
    tier: Literal["professional", "enterprise", "starter", "free"] = "professional"
    private_token: Literal["valid", "expired", "unknown"] = "valid"  # noqa: S105  an answer, no password
    refresh_token: Literal["valid", "revoked"] = "valid"  # noqa: S105  likewise
    oauth_life_s: Literal["1800", "60", "1"] = "1800"
    scopes: Literal["all", "read and write", "read", "write", "none"] = "all"
    write_needs_read: Literal["no", "yes"] = "no"
    brands: Literal["none", "one"] = "none"
    # Creating and changing.
    duplicate_name: Literal["allow", "409", "400"] = "allow"
    unique_creation_key: Literal["unknown", "enforced"] = "unknown"
    long_value: Literal["400", "cut", "accept"] = "400"
    unknown_property: Literal["by version", "400", "ignore"] = "by version"
    custom_properties: Literal["none", "any"] = "none"
    retired_goal: Literal["ignored", "kept"] = "ignored"
    default_status: Literal["absent", "planned", "in_progress"] = "absent"
    status_casing: Literal["lower", "upper"] = "lower"
    end_before_start: Literal["accept", "400"] = "accept"
    name_spaces: Literal["kept", "trimmed"] = "kept"
    assigned_utm: Literal["no", "later"] = "no"
    # Looking.
    lookup_lag_s: Literal["0", "1", "2", "5", "10", "30"] = "0"
    name_filter: Literal["ignores case", "minds case"] = "ignores case"
    unknown_requested: Literal["ignore", "400"] = "ignore"
    sort_constant: Literal["400", "accept"] = "400"
    double_encoded_cursor: Literal["400", "first page", "accept"] = "400"
    # Batches.
    oversized_batch: Literal["400", "accept"] = "400"
    partial_failure: Literal["by version", "207", "2xx"] = "by version"
    all_failed: Literal["207", "400"] = "207"
    batch_error: Literal["as recorded", "as specified"] = "as recorded"
    batch_status: Literal["COMPLETE", "PENDING", "PROCESSING", "CANCELED"] = "COMPLETE"
    batch_order: Literal["shuffled", "as sent"] = "shuffled"
    batch_extras: Literal["absent", "present"] = "absent"
    # Assets.
    unknown_asset_type: Literal["400", "404"] = "400"
    associable: Literal["all", "page"] = "all"
    repeated_attach: Literal["204", "409"] = "204"
    missing_detach: Literal["204", "404"] = "204"
    unbounded_revenue: Literal["accept", "400"] = "accept"
    # Limits and errors.
    retry_after: Literal["absent", "present"] = "absent"
    burst_policy: Literal["TEN_SECONDLY_ROLLING", "SECONDLY"] = "TEN_SECONDLY_ROLLING"
    limit_category: Literal["absent", "RATE_LIMITS"] = "absent"
    limit_headers: Literal["present", "absent"] = "present"
    refused_count: Literal["no", "yes"] = "no"
    error_category: Literal["present", "absent"] = "present"
    gateway_body: Literal["html", "json"] = "html"
    surface_2026_09: Literal["stub", "as beta"] = "stub"


STANDS_FOR: Final[Mapping[str, str]] = {
    "tier": "6, B9: account tier; below professional 403",
    "private_token": "5: the two 401 of a private app's token",
    "refresh_token": "7: the refresh token of the OAuth app",
    "oauth_life_s": "7: life of an access token that OAuth granted",
    "scopes": "7, B8, G4-G6: what the tokens may do",
    "write_needs_read": "7, G4: writes need the read scope too",
    "brands": "2, G11: the Brands add-on is in use",
    "duplicate_name": "11, 14, G43: a second campaign of the same hs_name",
    "unique_creation_key": "14: hs_unique_creation_key can be written; twice is 409",
    "long_value": "14, G43, G48: hs_name or hs_utm of 257 characters",
    "unknown_property": "11, 9, G36: unknown or read-only property on create and update",
    "custom_properties": "2: names that do not begin with hs_ are defined in the portal",
    "retired_goal": "2, B7, G42: hs_goal",
    "default_status": "2: hs_campaign_status of a new campaign",
    "status_casing": "2: hs_campaign_status in answers",
    "end_before_start": "2: hs_end_date before hs_start_date",
    "name_spaces": "2: white space around hs_name",
    "assigned_utm": "2: HubSpot sets hs_utm itself; absent in the answer to create",
    "lookup_lag_s": "11, 14: new campaigns stay out of list and batch read so long",
    "name_filter": "14: ?name=",
    "unknown_requested": "11, 14: unknown name in ?properties=",
    "sort_constant": "13.3, G39: ?sort=-CREATED_AT, as the guide's example has it",
    "double_encoded_cursor": "11, 14, 1b: ?after= encoded twice",
    "oversized_batch": "11, 14: 51 items",
    "partial_failure": "11, 9: a part of a batch failed; 2xx: errors beside results",
    "all_failed": "11, 14: every item of a batch failed; 207 as partial_failure says",
    "batch_error": "3, 13.7, B6: shape of an item's error",
    "batch_status": "3, 14, B4: status of a batch; see batches.py for what is left out",
    "batch_order": "3, 11: order of a batch's results",
    "batch_extras": "3, B3: requestedAt and links of a batch",
    "unknown_asset_type": "11, 14: an asset type that does not exist",
    "associable": "4, G33: types that the API attaches: all 26, or the guide's 14",
    "repeated_attach": "3: PUT of an asset that is attached",
    "missing_detach": "3: DELETE of an asset that is not attached",
    "unbounded_revenue": "1b: the revenue report without dates",
    "retry_after": "6, 11: Retry-After on 429",
    "burst_policy": "6: policyName of a burst 429, new and old",
    "limit_category": "6: category in a 429",
    "limit_headers": "6: any rate limit header may be missing",
    "refused_count": "6: a request refused with 429 takes a place in window and day",
    "error_category": "5, 11: category in error bodies",
    "gateway_body": "5: body of 502, 503, 504 and 52x",
    "surface_2026_09": "0, 14: what 2026-09 became: as its file says, or as the beta",
}


class Switch(msgspec.Struct, frozen=True):
    """One switch, to be shown: its answers (the first is the default) and what it stands for."""

    answers: tuple[str, ...]
    stands_for: str


def table() -> Mapping[str, Switch]:
    """List every switch by name."""
    return {
        name: Switch(answers=get_args(literal), stands_for=STANDS_FOR[name])
        for name, literal in get_type_hints(Switches).items()
    }


TABLE: Final = table()


class UnknownSwitch(ValueError):
    """No switch of this name, or no answer of this name; the message lists the choices."""


def turned(switches: Switches, wanted: Mapping[str, object]) -> Switches:
    """Turn the switches named in `wanted`; the others stay. An answer may be given as a number.

    Raises:
        UnknownSwitch: nothing is turned.
    """
    for name, answer in wanted.items():
        if name not in TABLE:
            raise UnknownSwitch(f"No switch {name!r}; there are: {', '.join(TABLE)}")
        if str(answer) not in TABLE[name].answers:
            raise UnknownSwitch(
                f"Switch {name!r} has no answer {answer!r}; there are: {', '.join(TABLE[name].answers)}"
            )
    return msgspec.convert(msgspec.structs.asdict(switches) | {name: str(a) for name, a in wanted.items()}, Switches)
