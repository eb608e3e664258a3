"""What requests that list have in common: their query, and whose things they list. Pure."""

from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from campaigns import misshapen
from campaigns.errors import Forbidden
from service.auth import Caller
from service.problems import Malformed

Filters = TypeVar("Filters", bound=msgspec.Struct)


class Sending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of /v1/triggers.

    Attributes:
        dry_run: tell what would be done, and do nothing.
        access_token: the API key of a sender that can only be told a URL (RFC 6750, section 2.3); the header is better.

    """

    dry_run: bool = False
    access_token: str | None = None


def read(query: bytes, shape: type[Filters]) -> Filters:
    """The filters that *query* holds.

    Raises:
        Malformed: it holds something else.

    """
    try:
        given = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=True) if query else []
        if len(dict(given)) < len(given):
            raise Malformed("the query: a parameter came more than once")
        return msgspec.convert(dict(given), shape, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise Malformed(f"the query: {misshapen.why(error, shape)}") from error


def whose(named: str | None, caller: Caller) -> str:
    """Whose things are asked for: the caller's own, unless it names another.

    Raises:
        Forbidden: it may not see those.

    """
    name = named or caller.name
    if name != caller.name and not caller.sees_all:
        raise Forbidden("only an admin sees what is another caller's")
    return name
