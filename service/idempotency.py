"""The key of a trigger or command: what its caller calls this wish, so that a repeat of it is known. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from campaigns import keys
from campaigns.model import Trigger
from service.problems import Malformed, NoKey

HEADER: Final = b"idempotency-key"
MOST_CHARACTERS: Final = 255
"""More than any UUID, hash or `source/id`, and what other services with such a header take."""

_BARE: Final = re.compile(rb"[\x21\x23-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_QUOTED: Final = re.compile(rb'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_ESCAPED: Final = re.compile(r'\\(["\\])')


def key_of(headers: Sequence[tuple[bytes, bytes]], trigger: Trigger) -> str:
    """The key that the request gives: its header `Idempotency-Key`, else the trigger's `source` and `id`.

    The header is a string of RFC 9651 in quotes (draft-ietf-httpapi-idempotency-key-header, section 2.1) or the same
    key bare. It is never read from the body's content: the same content twice may be two wishes.

    Raises:
        Malformed: the header cannot be read, or came twice.
        NoKey: there is neither.

    """
    given = header_of(headers)
    if given is not None:
        return keys.header_key(given)
    if trigger.source and trigger.id:
        return keys.event_key(trigger.source, trigger.id)
    raise NoKey("send the header Idempotency-Key, or both `source` and `id`")


def header_of(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """What the header `Idempotency-Key` holds; None when there is none.

    Raises:
        Malformed: it cannot be read, or came twice.

    """
    found = [value for name, value in headers if name == HEADER]
    return _read(found) if found else None


def _read(found: Sequence[bytes]) -> str:
    if len(found) > 1:
        raise Malformed("Idempotency-Key came more than once")
    told = found[0].strip()
    quoted = _QUOTED.fullmatch(told)
    if quoted is None and not _BARE.fullmatch(told):
        raise Malformed("Idempotency-Key is empty, or holds more than printable ASCII, quoted or bare")
    key = _ESCAPED.sub(r"\1", quoted[1].decode()) if quoted else told.decode()
    if not 0 < len(key) <= MOST_CHARACTERS:
        raise Malformed(f"Idempotency-Key has between 1 and {MOST_CHARACTERS} characters")
    return key
