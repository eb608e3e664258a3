"""POST /v1/runs/{id}/cancel and /retry: operators' verbs on one run."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from campaigns.model import Made, Stored
from campaigns.store.runs import Runs
from campaigns.store.verbs import Answered, Verbs
from service import commands
from service.answers import REPLAYED, Answer, told
from service.auth import Caller, Callers
from service.calls import Calls
from service.runs import visible

ENDED: Final = 200
UNDER_WAY: Final = 202

AnyRequest = Request[Any, Any, State]


class Cancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a cancel: what becomes of that which the run has *made* in HubSpot."""

    made: Made = "leave"


class Retry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a retry: nothing."""


class Outcome(msgspec.Struct, frozen=True):
    """The answer to a verb; a repeat of it gets the same.

    Attributes:
        id: of the run.
        outcome: cancelled, it has ended so; cancelling, it is on its way there; reopened, it goes on.

    """

    id: str
    outcome: str


def routes(callers: Callers, runs: Runs, verbs: Verbs, calls: Calls, *, retention: int) -> Sequence[HTTPRouteHandler]:
    """The handlers of verbs on one run.

    Args:
        callers: who may ask.
        runs: where runs are read.
        verbs: applies them.
        calls: calls the processes that go on.
        retention: how long a run stays that ends at once (ms).

    """

    async def cancel(request: AnyRequest, run_id: FromPath[str]) -> Answer:
        caller = callers.asking(request.scope["headers"])
        headers = list(request.scope["headers"])
        wanted = commands.read(headers, await request.body(), Cancel)
        stored = await operated(runs, run_id, caller)
        command = commands.command(headers, caller, request.scope["path"], wanted, retention=retention)
        return answer(stored, await verbs.cancel(run_id, wanted.made, command), calls)

    async def retry(request: AnyRequest, run_id: FromPath[str]) -> Answer:
        caller = callers.asking(request.scope["headers"])
        headers = list(request.scope["headers"])
        wanted = commands.read(headers, await request.body(), Retry)
        stored = await operated(runs, run_id, caller)
        command = commands.command(headers, caller, request.scope["path"], wanted)
        return answer(stored, await verbs.retry(run_id, command), calls)

    return [
        post("/v1/runs/{run_id:str}/cancel", status_code=UNDER_WAY)(cancel),
        post("/v1/runs/{run_id:str}/retry", status_code=UNDER_WAY)(retry),
    ]


async def operated(runs: Runs, run_id: str, caller: Caller) -> Stored:
    """The run that *caller* may apply verbs to.

    Raises:
        Forbidden: it may not operate, or not on the run's portal.
        NotFound: the run is somebody else's, or not there.

    """
    caller.needs("operate")
    stored = visible(await runs.read(run_id), caller)
    caller.needs_portal(stored.run.portal)
    return stored


def answer(stored: Stored, answered: Answered, calls: Calls) -> Answer:
    """What the operator is told, and whoever must go on is called."""
    calls.start(answered.calls, notify=answered.notify)
    status = ENDED if answered.outcome == "cancelled" else UNDER_WAY
    replayed = (REPLAYED,) if answered.again else ()
    return told(Outcome(stored.run.id, answered.outcome), status, *replayed)
