"""How what is kept for long is made small: an ended run, and what is kept of a subject. Pure.

Each is MessagePack, deflated with a preset dictionary (RFC 1950, section 2.2 names the idea; the stream is RFC 1951's).
Alone, a run is too short to hold its own field names twice; with what all of them have in common in the dictionary it
takes less than half of what it would.
"""

import zlib
from typing import Any, Final

import msgspec

from campaigns import keys
from campaigns.errors import Newer
from campaigns.store import former

FORMAT: Final = b"2"
"""First byte of all that is packed: says by which dictionary, so that old and new processes can run side by side."""

_PROPERTIES: Final = (
    *("hs_owner", "hs_utm", "hs_currency_code", "hs_campaign_status", "hs_goal"),
    *("hs_start_date", "hs_end_date", "hs_notes", "hs_audience", "hs_name"),
)

_ORDER: Final = "0000000000000000.01795309491018.0000000000000008"

_DONE: Final[dict[str, Any]] = {
    "required": True,
    "state": {"is": "done", "receipt": {"id": "1"}},
    "at": 1_795_309_491_018,
}

_SUBJECT: Final[dict[str, Any]] = {
    "marker": str(keys.Marker(run="", attempt=0)),
    "orders": dict.fromkeys(_PROPERTIES, _ORDER),
    "values": dict.fromkeys(_PROPERTIES, ""),
    "assets": _ORDER,
    "wanted": [["MARKETING_EMAIL", "1"]],
    "gone": [["MARKETING_EMAIL", "1"]],
    "archived": _ORDER,
}

_RUN: Final[dict[str, Any]] = {
    "id": "",
    "caller": "",
    "portal": "",
    "space": "shared",
    "recipe": "campaign.requested",
    "trigger": {
        "type": "product.launched",
        "source": "urn:",
        "id": "",
        "subject": "sku-",
        "time": None,
        "data": {
            "properties": {"hs_name": "", "hs_notes": "", "hs_audience": "", "hs_campaign_status": "in_progress"},
            "assets": [{"type": "MARKETING_EMAIL", "id": "1"}, {"type": "LANDING_PAGE", "id": "1"}],
            "budget": [{"name": "", "amount": 1_000.0}],
        },
        "portal": "",
        "priority": "normal",
        "notbefore": None,
        "sequence": 0,
        "callbackurl": "https://",
        "traceparent": None,
    },
    "steps": [
        {
            "name": "create_campaign",
            "wish": {"is": "create_campaign", "properties": {"hs_name": ""}, "another": False, "taken": "trust"},
            **_DONE,
        },
        {
            "name": "update_campaign",
            "wish": {"is": "update_campaign", "properties": {}, "upsert": True, "taken": "trust", "mend": False},
            "required": True,
            "state": {"is": "done", "receipt": {"id": "", "changed": True, "superseded": True}},
        },
        {
            "name": "add_budget_item 0",
            "wish": {"is": "add_item", "kind": "budget", "name": "", "amount": 1_000.0, "order": 0, "description": ""},
            **_DONE,
        },
        {"name": "attach_asset FORM 1", "wish": {"is": "attach_asset", "type": "FORM", "id": "1"}, **_DONE},
        {
            "name": "attach_asset MARKETING_EMAIL 1",
            "wish": {"is": "attach_asset", "type": "MARKETING_EMAIL", "id": "1"},
            **_DONE,
        },
    ],
    "max_creates_per_hour": None,
    "cancel": None,
}

DICTIONARY: Final = b"".join(map(msgspec.msgpack.encode, (_SUBJECT, _RUN)))
"""What runs and subjects usually say. Never changed: another one goes with another FORMAT, and this one to `former`."""

_RAW: Final = -zlib.MAX_WBITS
"""A stream without zlib's header and checksum: six bytes in each; Redis's file has its own."""


def packed(told: Any) -> bytes:  # noqa: ANN401 - whatever msgspec encodes
    """What is stored for *told*."""
    deflate = zlib.compressobj(wbits=_RAW, zdict=DICTIONARY)
    return FORMAT + deflate.compress(msgspec.msgpack.encode(told)) + deflate.flush()


def unpacked(value: bytes) -> bytes:
    """The MessagePack of what was stored.

    Raises:
        Newer: it is not of this release, nor of one before it.
        zlib.error: it is cut off, or no such thing.

    """
    if value.startswith(FORMAT):
        return zlib.decompressobj(wbits=_RAW, zdict=DICTIONARY).decompress(value.removeprefix(FORMAT))
    if value.startswith(former.FORMAT):
        return former.unpacked(value)
    raise Newer
