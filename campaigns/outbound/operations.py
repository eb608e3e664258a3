"""A message to a caller's operators as they get it: that a portal is in trouble, or well again. Pure."""

import msgspec

from campaigns.outbound.callback import SCHEMA, Callback, rfc3339
from campaigns.parking import Message


class _Body(msgspec.Struct, frozen=True):
    id: str
    type: str
    time: str
    portal: str
    reason: str
    since: str
    until: str | None
    runs: int
    recipe: str | msgspec.UnsetType = msgspec.UNSET
    schema: int = SCHEMA


def message_of(message: Message, url: str) -> Callback:
    """What is posted to *url*, a caller's `operations_url`."""
    body = _Body(
        id=message.id,
        type=message.type,
        time=rfc3339(message.time),
        portal=message.portal,
        reason=message.reason,
        since=rfc3339(message.since),
        until=rfc3339(message.until) if message.until is not None else None,
        runs=message.runs,
        recipe=message.recipe or msgspec.UNSET,
    )
    return Callback(url, message.id, msgspec.json.encode(body))
