"""What machines of operators ask: /livez, /readyz, /startupz and /metrics. Nothing here looks at HubSpot.

Liveness is this process and its loop: a restart heals no Redis. Readiness is what a trigger needs.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from campaigns.errors import CampaignsError
from service.answers import Answer, told

DEADLINE: Final = 1.0
"""Seconds: the least time that Kubernetes gives a probe."""

AnyRequest = Request[Any, Any, State]

Check = Callable[[], Awaitable[None]]
"""Returns when all is well, raises a CampaignsError when not."""


class CheckView(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a check went, and how long it took."""

    name: str
    ok: bool
    milliseconds: float
    problem: str | None = None


class HealthView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether all is well; with `?verbose`, check by check."""

    ok: bool
    checks: tuple[CheckView, ...] = ()


class Started:
    """Remembers that the process was ready once: what comes later is readiness."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._started = False

    async def look(self) -> tuple[CheckView, ...]:
        """The checks, until they have all gone well once; then none."""
        if self._started:
            return ()
        found = await look(self._checks)
        self._started = all(check.ok for check in found)
        return found


def routes(checks: Mapping[str, Check], registry: CollectorRegistry, count: Check) -> Sequence[HTTPRouteHandler]:
    """The handlers of the probes and of the metrics.

    Args:
        checks: what readiness depends on, by name.
        registry: the instruments to show.
        count: brings those up to date that show what stands where.

    """
    started = Started(checks)

    async def livez(request: AnyRequest) -> Answer:
        return _answer(request, ())

    async def readyz(request: AnyRequest) -> Answer:
        return _answer(request, await look(checks))

    async def startupz(request: AnyRequest) -> Answer:
        return _answer(request, await started.look())

    async def metrics() -> Answer:
        await count()
        return Answer(200, generate_latest(registry), media_type=CONTENT_TYPE_LATEST.encode())

    return [get("/livez")(livez), get("/readyz")(readyz), get("/startupz")(startupz), get("/metrics")(metrics)]


async def look(checks: Mapping[str, Check]) -> tuple[CheckView, ...]:
    """Make all *checks* at once."""
    return tuple(await asyncio.gather(*(_look(name, check) for name, check in checks.items())))


async def _look(name: str, check: Check) -> CheckView:
    began = time.perf_counter()
    problem = None
    try:
        async with asyncio.timeout(DEADLINE):
            await check()
    except TimeoutError:
        problem = f"no answer within {DEADLINE:g} s"
    except CampaignsError as error:
        problem = str(error)
    return CheckView(name, problem is None, round((time.perf_counter() - began) * 1_000, 3), problem)


def _answer(request: AnyRequest, checks: tuple[CheckView, ...]) -> Answer:
    ok = all(check.ok for check in checks)
    verbose = request.scope["query_string"].split(b"=")[0] == b"verbose"
    return told(HealthView(ok, checks if verbose else ()), 200 if ok else 503)
