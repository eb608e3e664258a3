"""GET /v1/runs and /v1/runs/{id}: what became of triggers, for whoever sent them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from campaigns.errors import NotFound
from campaigns.model import Status, Stored
from campaigns.store.runs import Runs
from service import queries
from service.answers import Answer, told
from service.auth import Caller, Callers
from service.views import run_view, runs_view

MOST_RUNS: Final = 200
"""One page: about a quarter of a megabyte of JSON."""

AnyRequest = Request[Any, Any, State]


class Filters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of GET /v1/runs; *after* is the `next` of the page before. Without *caller* an admin sees all."""

    status: Status | None = None
    portal: str | None = None
    subject: str | None = None
    caller: str | None = None
    after: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_RUNS)] = 50


def routes(callers: Callers, runs: Runs) -> Sequence[HTTPRouteHandler]:
    """The handlers that read runs."""

    async def show(request: AnyRequest, run_id: FromPath[str]) -> Answer:
        caller = callers.asking(request.scope["headers"])
        caller.needs("read")
        return told(run_view(visible(await runs.read(run_id), caller)))

    async def page(request: AnyRequest) -> Answer:
        caller = callers.asking(request.scope["headers"])
        caller.needs("read")
        filters = queries.read(request.scope["query_string"], Filters)
        everybodys = caller.sees_all and filters.caller is None
        whose = callers.names if everybodys else [queries.whose(filters.caller, caller)]
        found = await runs.page(whose, wanted(filters), after=filters.after, limit=filters.limit)
        return told(runs_view(found.runs, found.after))

    return [get("/v1/runs/{run_id:str}")(show), get("/v1/runs")(page)]


def visible(stored: Stored, caller: Caller) -> Stored:
    """The run, if it is *caller*'s.

    Raises:
        NotFound: it is somebody else's, which is not told apart from there being none.

    """
    if stored.run.caller != caller.name and not caller.sees_all:
        raise NotFound("there is no such run")
    return stored


def wanted(filters: Filters) -> Callable[[Stored], bool]:
    """Whether a run passes *filters*."""

    def passes(stored: Stored) -> bool:
        return (
            filters.status in {None, stored.status}
            and filters.portal in {None, stored.run.portal}
            and filters.subject in {None, stored.run.subject}
        )

    return passes
