"""The attributes of an event in JSON: those that we read, those that are ignored, and those that cannot be. Pure.

Attributes that we do not know are ignored, as CloudEvents asks of whoever receives extensions (section 3.1). Whoever
writes `not_before` has one of ours in mind; no attribute has such a name, so it is refused.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from campaigns import misshapen
from campaigns.model import Priority
from service.problems import Malformed

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
Subject = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Digits = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,16}$", description="a whole number or its digits")]


class Attributes(msgspec.Struct, frozen=True):
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
    traceparent: str | None = None


class _Known(Attributes, frozen=True, forbid_unknown_fields=True):
    """An event of none but CloudEvents' own attributes and ours, as nearly all are; the names need no second look."""

    datacontenttype: Any = None
    dataschema: Any = None


_decode_known = msgspec.json.Decoder(_Known).decode
_decode = msgspec.json.Decoder(Attributes).decode
_decode_names = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

UNREADABLE: Final = (msgspec.DecodeError, ValueError, RecursionError)
"""What reading JSON raises; text that is no UTF-8, or no base64, is a ValueError."""

_NAME: Final = re.compile("[a-z0-9]+")
"""CloudEvents 1.0, section 3.1; `data_base64` is a member of its JSON format alone."""

_FORBIDDEN: Final = re.compile("[^a-z0-9]")
_MEANT: Final = {_FORBIDDEN.sub("", name): name for name in _Known.__struct_fields__}


def read(body: bytes) -> Attributes:
    """The event that *body* tells.

    Raises:
        Malformed: it tells none, or names what is no attribute; the message says where.

    """
    try:
        return _decode_known(body)
    except msgspec.ValidationError:
        return _among_others(body)
    except UNREADABLE as error:
        raise unreadable(error, body) from error


def unreadable(error: Exception, body: bytes) -> Malformed:
    """What is told of a body that is not what its type says."""
    return Malformed(f"the body: {misshapen.why(error, Attributes)}" if body.strip() else "the body is empty")


def _among_others(body: bytes) -> Attributes:
    try:
        names = _decode_names(body)
        for name in names:
            if name not in _Known.__struct_fields__ and not _NAME.fullmatch(name):
                raise Malformed(f"the body: {_no_attribute(name)}")
        return _decode(body)
    except UNREADABLE as error:
        raise unreadable(error, body) from error


def _no_attribute(name: str) -> str:
    meant = _MEANT.get(_FORBIDDEN.sub("", name.lower()))
    return f"`{name}` is no attribute: names are of a-z and 0-9" + (f" (`{meant}`?)" if meant else "")
