"""One request's way through the world: late commits, token, limits, trouble, scopes, the operation, the ledger.

Everything is decided at once, when the request arrives; how late the answer leaves is part of the decision.
"""

from collections.abc import Callable

import msgspec

from simulator.answers import CUT, GATEWAY, Answer, Problem, Refused, gateway_page, planned
from simulator.faults import CALM, Fault
from simulator.ledger import Row, enter, row, settle, wishes
from simulator.limits import Verdict
from simulator.operation import Call, Operation
from simulator.tokens import READ, WRITE, PrivateApp, check_scopes
from simulator.world import World

NO_HEADERS: dict[str, str] = {}
TOO_LOW = frozenset({"free", "starter"})


class Outcome(msgspec.Struct, frozen=True):
    """What the caller gets: after `delay_ms` this answer, or None for a cut connection."""

    answer: Answer | None
    delay_ms: int = 0


def decide(world: World, operation: Operation, call: Call) -> Outcome:
    """Carry out one request, as far as token, limits and faults let it, and say what the caller gets."""
    world.catch_up(call.time)
    rows = _entered(world, operation, call)
    headers = NO_HEADERS
    delay = 0
    answer: Answer | None
    try:
        headers = _admitted(world, operation, call)
        trouble = world.faults.strike(call.method, call.rest)
        delay = trouble.delay_ms
        _check_rights(world, operation, call)
        call = msgspec.structs.replace(call, trouble=trouble) if trouble is not CALM else call
        carry_out = _carrying_out(world, operation, call, rows)
        answer = carry_out() if trouble.ending is None else _troubled(world, trouble.ending, call, carry_out)
    except Refused as refused:
        answer = _refusal(world, refused.problem)
    status = CUT if answer is None else answer.status
    world.ledger.count(operation.name, status)
    for entered in rows:
        entered.status = status
    if answer is not None and headers:
        answer = msgspec.structs.replace(answer, headers={**headers, **answer.headers})
    return Outcome(answer, delay)


def _entered(world: World, operation: Operation, call: Call) -> list[Row]:
    if not operation.changes:
        return []
    wished = wishes(call.rest, call.params.get("campaign"), call.body)
    return enter(world.ledger, row(call.time, call.method, call.path), wished)


def _carrying_out(world: World, operation: Operation, call: Call, rows: list[Row]) -> Callable[[], Answer]:
    def carry_out(at: int = call.time) -> Answer:
        answer = operation.run(world, call if at == call.time else msgspec.structs.replace(call, time=at))
        settle(rows, answer.campaigns)
        return answer

    return carry_out


def _troubled(world: World, fault: Fault, call: Call, carry_out: Callable[..., Answer]) -> Answer | None:
    """Let a fault decide what is committed and what is answered.

    Raises:
        Refused: the fault's status is answered.
    """
    match fault.do:
        case "status_after" | "cut_after":
            _quietly(carry_out)
        case "late_commit":
            due = call.time + fault.delay_ms
            world.later(due, lambda: _quietly(lambda: carry_out(due)))
        case _:
            pass
    if fault.status is None or fault.do in {"cut_before", "cut_after"}:
        return None
    raise Refused(_planned(world, fault.status))


def _quietly(act: Callable[[], object]) -> None:
    """Act where nobody hears of a refusal: the caller is answered by the fault."""
    try:
        act()
    except Refused:
        return


def _admitted(world: World, operation: Operation, call: Call) -> dict[str, str]:
    """Check the token and take a place in the limits; return HubSpot's headers for the answer.

    Raises:
        Refused: 401 or 429.
    """
    if operation.access == "open":
        return NO_HEADERS
    switches = world.switches
    app = world.tokens.app(call.authorization, call.time, switches)
    ceilings = world.ceilings
    ceiling = ceilings.over(switches.tier) if isinstance(app, PrivateApp) else ceilings.over_oauth()
    verdict = world.limits.take(app.name, call.time, ceiling, refused_count=switches.refused_count == "yes")
    if verdict.exceeded:
        raise Refused(_limited(world, verdict))
    return dict(verdict.headers) if switches.limit_headers == "present" else NO_HEADERS


def _check_rights(world: World, operation: Operation, call: Call) -> None:
    if operation.access == "open":
        return
    if world.switches.tier in TOO_LOW:
        raise Refused(Problem(403, "Campaigns need Marketing Hub Professional or higher", category="FORBIDDEN"))
    required = {"read": (READ,), "write": (WRITE,), "revenue": call.version.revenue_scopes}[operation.access]
    check_scopes(required, world.switches)


def _limited(world: World, verdict: Verdict) -> Problem:
    """Write the 429 of a limit, as the usage guidelines show it."""
    switches = world.switches
    daily = verdict.exceeded == "DAILY"
    policy = "DAILY" if daily else switches.burst_policy
    more = {"errorType": "RATE_LIMIT", "policyName": policy, "requestId": world.correlation_id()}
    pause = {"Retry-After": str(-(-verdict.wait_ms // 1000))} if switches.retry_after == "present" else {}
    shown = verdict.headers if switches.limit_headers == "present" else {}
    return Problem(
        429,
        f"You have reached your {'daily' if daily else policy.lower()} limit.",
        category=None if switches.limit_category == "absent" else switches.limit_category,
        headers={**shown, **pause},
        more=more,
    )


def _planned(world: World, status: int) -> Problem:
    if status != 429:  # noqa: PLR2004  429 is its own name
        return planned(status)
    headers = {"X-HubSpot-RateLimit-Remaining": "0"}
    return _limited(world, Verdict("TEN_SECONDLY_ROLLING", wait_ms=10_000, headers=headers))


def _refusal(world: World, problem: Problem) -> Answer:
    """Write a problem as the switches want it."""
    if problem.status in GATEWAY and world.switches.gateway_body == "html":
        return Answer(problem.status, gateway_page(problem.status), headers=problem.headers)
    if world.switches.error_category == "absent":
        problem = msgspec.structs.replace(problem, category=None)
    return Answer(problem.status, problem.body(world.correlation_id()), headers=problem.headers)
