"""POST /v1/runs/cancel and /retry, GET /v1/bulks/{id}: verbs on many runs, counted before they are applied."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from campaigns.errors import NotFound
from campaigns.model import Made, Status
from campaigns.store.bulks import Bulk, Bulks, Selection
from campaigns.store.verbs import Command, Verb
from service import commands
from service.answers import REPLAYED, Answer, told
from service.auth import Caller, Callers
from service.problems import CountDiffers
from service.queries import whose
from service.views import time_of

AnyRequest = Request[Any, Any, State]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Which(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs are meant.

    Attributes:
        caller: whose; without it the caller's own, an admin's are everybody's.
        since: accepted then or later (`from`).
        until: accepted before then (`to`).
        confirm: how many these are; without it they are only counted.

    """

    recipe: str | None = None
    caller: str | None = None
    status: Status | None = None
    since: Time | None = msgspec.field(name="from", default=None)
    until: Time | None = msgspec.field(name="to", default=None)
    confirm: Annotated[int, msgspec.Meta(ge=0)] | None = None


class CancelMany(Which, frozen=True, forbid_unknown_fields=True):
    """The body of a cancel of many runs: which, and what becomes of that which they have *made*."""

    made: Made = "leave"


class RetryMany(Which, frozen=True, forbid_unknown_fields=True):
    """The body of a retry of many runs: which."""


class Count(msgspec.Struct, frozen=True):
    """The answer to a verb that is not confirmed yet."""

    count: int


class Begun(msgspec.Struct, frozen=True):
    """The answer to a verb that is being applied to many runs; a repeat of it gets the same."""

    id: str
    count: int


class BulkView(msgspec.Struct, frozen=True):
    """A verb on many runs: how many they were, and to how many it is still to be applied."""

    id: str
    verb: str
    by: str
    began: datetime
    count: int
    left: int


def routes(callers: Callers, bulks: Bulks, token: Callable[[], str], *, retention: int) -> Sequence[HTTPRouteHandler]:
    """The handlers of verbs on many runs.

    Args:
        callers: who may ask.
        bulks: where they are counted and begun.
        token: gives a new, random text at each call.
        retention: how long a run stays that ends at once (ms).

    """

    async def apply(request: AnyRequest, caller: Caller, verb: Verb, which: Which) -> Answer:
        headers = list(request.scope["headers"])
        selection = selection_of(which, caller, callers.names)
        command = commands.command(headers, caller, request.scope["path"], which, retention=retention)
        return await confirmed(bulks, verb, which.confirm, selection, command, token)

    async def cancel(request: AnyRequest) -> Answer:
        caller = callers.asking(request.scope["headers"])
        wanted = commands.read(list(request.scope["headers"]), await request.body(), CancelMany)
        return await apply(request, caller, "undo" if wanted.made == "undo" else "cancel", wanted)

    async def retry(request: AnyRequest) -> Answer:
        caller = callers.asking(request.scope["headers"])
        wanted = commands.read(list(request.scope["headers"]), await request.body(), RetryMany)
        return await apply(request, caller, "retry", wanted)

    async def show(request: AnyRequest, bulk_id: FromPath[str]) -> Answer:
        caller = callers.asking(request.scope["headers"])
        caller.needs("read")
        return told(_view(visible(await bulks.read(bulk_id), caller)))

    return [
        post("/v1/runs/cancel", status_code=202)(cancel),
        post("/v1/runs/retry", status_code=202)(retry),
        get("/v1/bulks/{bulk_id:str}")(show),
    ]


async def confirmed(
    bulks: Bulks, verb: Verb, confirm: int | None, selection: Selection, command: Command, token: Callable[[], str]
) -> Answer:
    """Count the runs, or begin to apply *verb* to them if *confirm* names their number.

    Raises:
        CountDiffers: it names another one.

    """
    if confirm is None:
        return told(Count(len(await bulks.listed(selection, verb))))
    known = await bulks.known(command)
    if known is None:
        runs = await bulks.listed(selection, verb)
        if len(runs) != confirm:
            raise CountDiffers(f"these are {len(runs)} runs, not {confirm}")
        begun = await bulks.begin(token(), verb, runs, command)
        return told(Begun(begun, len(runs)), 202)
    return told(Begun(known, (await bulks.read(known)).count), 202, REPLAYED)


def selection_of(which: Which, caller: Caller, names: Sequence[str]) -> Selection:
    """The runs that *which* names, as far as *caller* may apply verbs to them.

    Raises:
        Forbidden: it may not operate, or not on another caller's runs.

    """
    caller.needs("operate")
    everybodys = caller.sees_all and which.caller is None
    return Selection(
        callers=tuple(names) if everybodys else (whose(which.caller, caller),),
        portals=caller.portals,
        recipe=which.recipe,
        status=which.status,
        since=_milliseconds(which.since),
        until=_milliseconds(which.until),
    )


def visible(bulk: Bulk, caller: Caller) -> Bulk:
    """The bulk, if it is *caller*'s.

    Raises:
        NotFound: it is somebody else's.

    """
    if bulk.by != caller.name and not caller.sees_all:
        raise NotFound("there is no such bulk")
    return bulk


def _view(bulk: Bulk) -> BulkView:
    return BulkView(bulk.id, bulk.verb, bulk.by, time_of(bulk.began), bulk.count, bulk.left)


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)
