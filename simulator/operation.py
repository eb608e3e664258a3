"""The words between HTTP and the portal: a call, as read from a request, and an operation, as declared in routes/."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

import msgspec

from simulator.answers import Answer, Problem, Refused
from simulator.faults import CALM, Trouble
from simulator.versions import Version
from simulator.world import World

Read = TypeVar("Read")


class Call(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        method, path: HTTP's; `rest` is the path after the version's prefix.
        version: whose prefix it came under.
        params: what the path names.
        query: every value of every query parameter.
        body: as it came.
        authorization: the header.
        origin: scheme and host that links in answers begin with.
        time: when it came, or (a late commit) is carried out, in ms.
        trouble: what strikes it.
    """

    method: str
    path: str
    rest: str
    version: Version
    params: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: bytes
    authorization: str
    origin: str
    time: int
    trouble: Trouble = CALM

    def asked(self, name: str) -> str | None:
        """Return the last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else None


class Operation(msgspec.Struct, frozen=True):
    """One row of the API's table.

    Attributes:
        method: HTTP's.
        path: after the version's prefix, in Litestar's writing.
        access: which scope it needs; `open` needs no token and has no limits.
        run: carries it out.
        changes: whether it may change the portal, and so is entered in the ledger.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    access: Literal["read", "write", "revenue", "open"]
    run: Callable[[World, Call], Answer]
    changes: bool = False

    @property
    def name(self) -> str:
        """What the stats call it, such as `GET /{campaign}/assets/{asset_type}`."""
        return f"{self.method} {self.path.replace(':str', '')}"


def parsed(body: bytes, shape: type[Read]) -> Read:
    """Read a JSON body.

    Raises:
        Refused: 400, it is no JSON or has another shape.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except (ValueError, RecursionError) as error:  # not JSON or of another shape, not UTF-8, nested beyond reason
        raise Refused(Problem(400, f"Invalid input JSON: {error}")) from error
