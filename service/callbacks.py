"""GET /v1/callbacks and POST /v1/callbacks/{id}/replay: what receivers have not got, and posting it again."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from campaigns.store.callbacks import Callbacks, Undelivered
from service import commands, queries
from service.answers import REPLAYED, Answer, told
from service.auth import Callers
from service.calls import Calls
from service.queries import whose
from service.views import time_of

AnyRequest = Request[Any, Any, State]

_OF_A_RUN: Final = re.compile(r"([0-9a-f]{32})(?:\.([1-9][0-9]{0,8}))?")
"""`<run>` or `<run>.<sequence>`; anything else is the id of a message to a caller's operators."""


class Filters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of GET /v1/callbacks; *after* is the `next` of the page before."""

    state: Literal["due", "parked"] = "parked"
    caller: str | None = None
    after: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a replay: nothing."""


class CallbackView(msgspec.Struct, frozen=True):
    """A status or message that its receiver does not have.

    Attributes:
        id: its `webhook-id`.
        run: the run whose status it is; null for a message to operators.
        at: when it is posted next, or was parked.

    """

    id: str
    run: str | None
    type: str
    state: str
    at: datetime
    tries: int
    problem: str | None


class CallbacksView(msgspec.Struct, frozen=True):
    """A page of callbacks, the oldest first; *next* is the `after` of the page behind it, null at the end."""

    callbacks: tuple[CallbackView, ...]
    next: str | None


class Outcome(msgspec.Struct, frozen=True):
    """The answer to a replay: the callback is due."""

    id: str
    outcome: str = "due"


def routes(callers: Callers, callbacks: Callbacks, calls: Calls) -> Sequence[HTTPRouteHandler]:
    """The handlers of callbacks."""

    async def page(request: AnyRequest) -> Answer:
        caller = callers.asking(request.scope["headers"])
        caller.needs("read")
        filters = queries.read(request.scope["query_string"], Filters)
        found, following = await callbacks.undelivered(
            whose(filters.caller, caller), filters.state, after=filters.after, limit=filters.limit
        )
        views = tuple(_view(one, filters.state) for one in found)
        return told(CallbacksView(views, None if following is None else str(following)))

    async def replay(request: AnyRequest, callback_id: FromPath[str]) -> Answer:
        caller = callers.asking(request.scope["headers"])
        caller.needs("operate")
        headers = list(request.scope["headers"])
        wanted = commands.read(headers, await request.body(), Replay)
        command = commands.command(headers, caller, request.scope["path"], wanted)
        identity, sequence = parts_of(callback_id)
        owner = None if caller.sees_all else caller.name
        replayed = await callbacks.replay(identity, sequence, command, whose=owner)
        calls.start([], notify=replayed.notify)
        return told(Outcome(callback_id), 202, *((REPLAYED,) if replayed.again else ()))

    return [
        get("/v1/callbacks")(page),
        post("/v1/callbacks/{callback_id:str}/replay", status_code=202)(replay),
    ]


def parts_of(callback_id: str) -> tuple[str, int | None]:
    """The id of the run or message that is posted, and the number of the run's status, if one is named."""
    found = _OF_A_RUN.fullmatch(callback_id)
    if found is None:
        return callback_id, None
    return found[1], int(found[2]) if found[2] else None


def _view(one: Undelivered, state: str) -> CallbackView:
    run = one.id if _OF_A_RUN.fullmatch(one.id) else None
    return CallbackView(
        id=f"{one.id}.{one.sequence}" if run else one.id,
        run=run,
        type=one.type,
        state=state,
        at=time_of(one.at),
        tries=one.tries,
        problem=one.problem or None,
    )
