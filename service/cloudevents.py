"""Reading triggers from requests: CloudEvents 1.0 in all its modes, or the same names in plain JSON. Pure.

What an event consists of is in `attributes`; the bytes of the binary mode are read in `binary`.
"""

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

import msgspec

from campaigns import lanes, misshapen, tracing
from campaigns.model import Trigger
from service import attributes, binary
from service.attributes import UNREADABLE, Attributes, unreadable
from service.problems import Malformed, UnsupportedMediaType

Mode = Literal["plain", "structured", "binary", "batch"]

JSON: Final = b"application/json"
MODES: Final[dict[bytes, Mode]] = {
    JSON: "plain",
    b"application/cloudevents+json": "structured",
    b"application/cloudevents-batch+json": "batch",
}
"""The mode by the media type (HTTP binding, section 1.3); with `ce-` headers, plain JSON is binary mode's data."""

MOST_IN_A_BATCH: Final = 100
"""As many as are stored by one call of one script."""

DEEPEST: Final = 32
"""Levels of data: what a person writes has a handful, and readers of JSON fail at about a thousand."""
LEAST, MOST = -(2**63), 2**64 - 1
"""Whole numbers that MessagePack can store."""

EPOCH: Final = datetime.fromtimestamp(0, UTC)
MILLISECOND: Final = timedelta(milliseconds=1)


class Form(NamedTuple):
    """How a request tells its triggers.

    Attributes:
        traceparent: its header of this name, which counts before the event's attribute, save in a batch: that is the
            journey of many.

    """

    mode: Mode
    traceparent: bytes | None = None


_decode_data = msgspec.json.Decoder(dict[str, Any] | None).decode
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


def form_of(headers: Iterable[tuple[bytes, bytes]]) -> Form:
    """How the request with these *headers* tells its triggers.

    Raises:
        UnsupportedMediaType: in none of the ways that are read here.

    """
    told, in_headers, trace = b"", False, None
    for name, value in headers:
        if name == b"content-type":
            told = value
        elif name == binary.SPECVERSION:
            in_headers = True
        elif name == b"traceparent":
            trace = value
    mode = MODES.get(told) or _mode(told if told or not in_headers else JSON)
    return Form("binary" if in_headers and mode == "plain" else mode, trace)


def _mode(content_type: bytes) -> Mode:
    media, _, parameters = content_type.partition(b";")
    mode = MODES.get(media.strip().lower())
    if mode is None or parameters.strip().lower().removeprefix(b"charset=").strip(b'"') not in {b"", b"utf-8"}:
        raise UnsupportedMediaType
    return mode


def read(form: Form, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Trigger:
    """The trigger that a request tells that is no batch.

    Raises:
        Malformed: the content is not what its type says; the message says where.
        Invalid: `sequence` or `time` cannot be ordered.

    """
    return _in_binary(form, headers, body) if form.mode == "binary" else _in_json(form, body)


def read_batch(body: bytes) -> Sequence[bytes]:
    """The events of a batch, each to be read by `read_one`.

    Raises:
        Malformed: there is no array, or too much in it.

    """
    try:
        events = _split(body)
    except UNREADABLE as error:
        raise unreadable(error, body) from error
    if len(events) > MOST_IN_A_BATCH:
        raise Malformed(f"the body: a batch has at most {MOST_IN_A_BATCH} events")
    return [bytes(event) for event in events]


def read_one(form: Form, event: bytes) -> Trigger:
    """The trigger of one event of a batch; raises as `read` does."""
    return _in_json(form, event)


def _in_json(form: Form, body: bytes) -> Trigger:
    event = attributes.read(body)
    try:
        data = _decode_data(base64.b64decode(event.data_base64, validate=True)) if event.data_base64 else event.data
    except UNREADABLE as error:
        raise Malformed(f"the body: {error}") from error
    if form.mode != "plain":
        _check_required(event)
    return _trigger(form, event, data)


def _in_binary(form: Form, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Trigger:
    told = binary.attributes(headers)
    try:
        event = msgspec.convert(told, Attributes)
    except msgspec.ValidationError as error:
        raise Malformed(f"the headers: {misshapen.why(error, Attributes)}") from error
    _check_required(event)
    try:
        data = _decode_data(body) if body else None
    except UNREADABLE as error:
        raise Malformed(f"the body: {error}") from error
    return _trigger(form, event, data)


def _check_required(event: Attributes) -> None:
    if event.specversion is None or event.source is None or event.id is None:
        raise Malformed("a CloudEvent has specversion, id, source and type")


def _trigger(form: Form, event: Attributes, data: dict[str, Any] | None) -> Trigger:
    data = data or {}
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
        traceparent=_trace(form, event),
    )


def _trace(form: Form, event: Attributes) -> str | None:
    if form.traceparent is None or (form.mode == "batch" and event.traceparent):
        return event.traceparent and tracing.read(event.traceparent)
    return tracing.read(form.traceparent.decode("latin-1"))


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // MILLISECOND


def _check(value: Any, depth: int) -> None:  # noqa: ANN401 - any JSON
    """Raise Malformed for what no store or reader behind us could hold."""
    if isinstance(value, str):  # as most values are
        return
    if isinstance(value, dict | list):
        if depth == DEEPEST:
            raise Malformed(f"the body: data is nested deeper than {DEEPEST} levels")
        for inner in value.values() if isinstance(value, dict) else value:
            _check(inner, depth + 1)
    elif isinstance(value, int) and not LEAST <= value <= MOST:
        raise Malformed("the body: a whole number in data needs more than 64 bits")
