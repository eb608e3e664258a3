"""Reading a trigger from a body: CloudEvents 1.0 in structured JSON, or the same names in plain JSON. Pure.

Members that we do not know are ignored in both, as CloudEvents asks of whoever receives extensions (section 3.1).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec

from campaigns import lanes
from campaigns.model import Priority, Trigger
from service.problems import Malformed, UnsupportedMediaType

PLAIN: Final = b"application/json"
STRUCTURED: Final = b"application/cloudevents+json"

DEEPEST: Final = 32
"""Levels of data: what a person writes has a handful, and readers of JSON fail at about a thousand."""
LEAST, MOST = -(2**63), 2**64 - 1
"""Whole numbers that MessagePack can store."""

EPOCH: Final = datetime.fromtimestamp(0, UTC)
MILLISECOND: Final = timedelta(milliseconds=1)

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
Subject = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Digits = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,16}$")]


class Event(msgspec.Struct, frozen=True):
    """What we read of a CloudEvent; null is as good as absent (CloudEvents' JSON format, section 2.2)."""

    type: Text
    specversion: Literal["1.0"] | None = None
    source: Text | None = None
    id: Text | None = None
    subject: Subject | None = None
    time: Time | None = None
    data: dict[str, Any] | None = None
    data_base64: str | None = None
    portal: Text | None = None
    priority: Priority | None = None
    notbefore: Time | None = None
    sequence: int | Digits | None = None
    callbackurl: Text | None = None


_decode = msgspec.json.Decoder(Event).decode


def read(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Trigger:
    """The trigger that *body* tells.

    Args:
        headers: of the request; one of them is the content's type.
        body: of the request.

    Raises:
        UnsupportedMediaType: the content is of another kind.
        Malformed: the content is not what its type says; the message says where.
        Invalid: `sequence` or `time` cannot be ordered.

    """
    structured = _is_structured(next((value for name, value in headers if name == b"content-type"), b""))
    try:
        event = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the body: {error}") from error
    if structured and (event.specversion is None or event.source is None or event.id is None):
        raise Malformed("the body: a CloudEvent has specversion, id, source and type")
    if event.data_base64 is not None:
        raise Malformed("the body: data_base64 is not read here; send data as a JSON object")
    return _trigger(event)


def _is_structured(content_type: bytes) -> bool:
    kind, _, parameters = content_type.partition(b";")
    charset = parameters.strip().lower().removeprefix(b"charset=").strip(b'"')
    kind = kind.strip().lower()
    if kind not in {PLAIN, STRUCTURED} or charset not in {b"", b"utf-8"}:
        raise UnsupportedMediaType
    return kind == STRUCTURED


def _trigger(event: Event) -> Trigger:
    data = event.data or {}
    _check(data, 0)
    sequence, time = int(event.sequence or 0), _milliseconds(event.time)
    lanes.order(sequence, time)  # raises what the lane would raise, before anything is stored
    return Trigger(
        type=event.type,
        source=event.source or "",
        id=event.id or "",
        subject=event.subject,
        time=time,
        data=data,
        portal=event.portal,
        priority=event.priority or "normal",
        notbefore=_milliseconds(event.notbefore),
        sequence=sequence,
        callbackurl=event.callbackurl,
    )


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // MILLISECOND


def _check(value: Any, depth: int) -> None:  # noqa: ANN401 - any JSON
    """Raise Malformed for what no store or reader behind us could hold."""
    if isinstance(value, dict | list):
        if depth == DEEPEST:
            raise Malformed(f"the body: data is nested deeper than {DEEPEST} levels")
        for inner in value.values() if isinstance(value, dict) else value:
            _check(inner, depth + 1)
    elif isinstance(value, int) and not LEAST <= value <= MOST:
        raise Malformed("the body: a whole number in data needs more than 64 bits")
