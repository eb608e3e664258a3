"""The simulator as a Litestar application: every operation under every prefix, and the controls."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs

from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_404_NOT_FOUND
from litestar.types import ASGIApp

from simulator.answers import Problem
from simulator.exchange import decide
from simulator.operation import Call, Operation
from simulator.routes import assets, batch, campaigns, clone, items, oauth, reports
from simulator.routes.controls import Controls
from simulator.versions import VERSIONS, Version, as_it_stands
from simulator.wire import SendAnswer, send_cut
from simulator.world import Beginning, World

OPERATIONS: Final = (
    *batch.OPERATIONS,
    *campaigns.OPERATIONS,
    *assets.OPERATIONS,
    *items.OPERATIONS,
    *reports.OPERATIONS,
)

MAY_CLONE: Final = ("2026-09", "2026-09-beta")  # the switch surface_2026_09 decides for the first

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]


def create_app(
    beginning: Beginning = Beginning(),  # noqa: B008  a frozen value
    *,
    clock: Clock = time.time,
    sleep: Sleep = asyncio.sleep,
) -> Litestar:
    """Build a simulator of one HubSpot portal.

    Args:
        beginning: seed, tokens, time zone, switches.
        clock: seconds since 1970; read once for each request.
        sleep: waits out the delay of an answer, in seconds.
    """
    world = World(beginning)

    def handlers(version: Version) -> list[HTTPRouteHandler]:
        offered = OPERATIONS + (clone.OPERATIONS if version.name in MAY_CLONE else ())
        return [_handler(world, operation, version, clock, sleep) for operation in offered]

    token = _handler(world, oauth.TOKEN, VERSIONS["v3"], clock, sleep)  # the one operation without a version
    versions = [Router(version.prefix, route_handlers=handlers(version)) for version in VERSIONS.values()]
    return Litestar(
        [Controls, token, *versions],
        dependencies={"world": Provide(lambda: _caught_up(world, clock), sync_to_thread=False)},
        exception_handlers={HTTPException: partial(_no_such_route, world)},
        openapi_config=None,
        logging_config=None,
    )


def _handler(world: World, operation: Operation, version: Version, clock: Clock, sleep: Sleep) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, State]) -> ASGIApp:
        body = await request.body()
        call = _call(request, body, as_it_stands(version, world.switches.surface_2026_09), _milliseconds(clock))
        outcome = decide(world, operation, call)
        if outcome.delay_ms:
            await sleep(outcome.delay_ms / 1000)
        return send_cut if outcome.answer is None else SendAnswer(outcome.answer)

    # The status is the answer's own: Litestar only has to know that there may be a body.
    return HTTPRouteHandler(operation.path, http_method=operation.method, status_code=200)(handle)


def _call(request: Request[Any, Any, State], body: bytes, version: Version, now: int) -> Call:
    scope = request.scope
    headers = dict(scope["headers"])
    path = scope["path"]
    return Call(
        method=request.method,
        path=path,
        rest=path.removeprefix(version.prefix).rstrip("/"),
        version=version,
        params=request.path_params,
        query=parse_qs(scope["query_string"].decode(), keep_blank_values=True),
        body=body,
        authorization=headers.get(b"authorization", b"").decode("latin-1"),
        origin=f"{scope['scheme']}://{headers.get(b'host', b'api.hubapi.com').decode('latin-1')}",
        time=now,
    )


def _caught_up(world: World, clock: Clock) -> World:
    """Let the controls see what is due by now."""
    world.catch_up(_milliseconds(clock))
    return world


def _milliseconds(clock: Clock) -> int:
    return int(clock() * 1000)


def _no_such_route(
    world: World, _request: Request[Any, Any, State], error: HTTPException
) -> Response[dict[str, object]]:
    category = "OBJECT_NOT_FOUND" if error.status_code == HTTP_404_NOT_FOUND else "VALIDATION_ERROR"
    problem = Problem(error.status_code, error.detail, category=category)
    return Response(problem.body(world.correlation_id()), status_code=problem.status)
