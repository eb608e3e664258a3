"""What operators' requests have in common: their bodies, and how a repeat is known. Pure."""

import hashlib
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from campaigns import keys, misshapen
from campaigns.store.verbs import Command
from service import idempotency
from service.auth import Caller
from service.problems import Malformed, UnsupportedMediaType

JSON: Final = b"application/json"

Body = TypeVar("Body", bound=msgspec.Struct)


def read(headers: Sequence[tuple[bytes, bytes]], body: bytes, shape: type[Body]) -> Body:
    """The body of a request; none says what *shape* says by default.

    Raises:
        UnsupportedMediaType: it is no JSON.
        Malformed: it cannot be read; the message says where.

    """
    if not body:
        return shape()
    kind = next((value for name, value in headers if name == b"content-type"), b"")
    if kind.partition(b";")[0].strip().lower() != JSON:
        raise UnsupportedMediaType("a command is application/json, in UTF-8, or has no body")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the body: {misshapen.why(error, shape)}") from error


def command(
    headers: Sequence[tuple[bytes, bytes]], caller: Caller, path: str, body: object, *, retention: int = keys.RETENTION
) -> Command:
    """The wish of *caller* to do what *path* and *body* say; a header `Idempotency-Key` makes its repeat known.

    Raises:
        Malformed: the header cannot be read.

    """
    given = idempotency.header_of(headers)
    if given is None:
        return Command(caller.name, retention=retention)
    mark = hashlib.sha256(msgspec.json.encode((path, body))).hexdigest()
    return Command(caller.name, f"key {keys.key_hash(caller.name, given)}", mark, retention)
