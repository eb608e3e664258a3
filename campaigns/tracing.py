"""The trace that a trigger belongs to, and what our own calls tell of it (W3C Trace Context, level 1). Pure."""

import hashlib
import re
from typing import Final

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")
"""Version, trace id, parent id, flags; later versions may have more (section 2.2.2 and 4)."""


def read(text: str | None) -> str | None:
    """*text* if it is a `traceparent`; None for what is none, which whoever receives it passes over (section 4.3)."""
    found = _TRACEPARENT.fullmatch(text or "")
    if not found or ((text or "").startswith("00") and found[3]):
        return None
    return text


def trace_of(traceparent: str | None) -> str | None:
    """The id of the trace that *traceparent* belongs to; None where there is none."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return found[1] if found else None


def child(traceparent: str, call: str) -> str:
    """The `traceparent` of a call that belongs to the same trace.

    Args:
        traceparent: of the trigger, as `read` gives it.
        call: names the call, which has a parent id of its own by it.

    """
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None:
        raise ValueError(f"{traceparent!r} is no traceparent")
    parent = hashlib.sha256(f"{traceparent} {call}".encode()).hexdigest()[:16]
    return f"00-{found[1]}-{parent}-{found[2]}"
