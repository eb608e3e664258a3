"""How a batch is answered: status, order, partial failure. What is done to each item is in routes/batch.py.

The switch `batch_status` turns the status from COMPLETE to another; then some of the results are missing:
PENDING: none is shown, all are carried out; PROCESSING: the first half is shown, all are carried out;
CANCELED: the first half is shown, only these are carried out.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from simulator.answers import Answer, Problem, Refused
from simulator.bodies import Body, iso
from simulator.operation import Call
from simulator.world import World

MOST: Final = 50  # "The maximum number of items in a batch request is 50."
TOOK_MS: Final = 157  # the batch recorded on 2026-05-20 took so long
MULTI_STATUS: Final = 207


class Done(msgspec.Struct, frozen=True):
    """An item that was carried out: the campaign it came to and the body to show."""

    campaign: str
    body: Body


def check_size(inputs: Sequence[object], world: World) -> None:
    """Refuse a batch that is too long.

    Raises:
        Refused: 400.
    """
    if len(inputs) > MOST and world.switches.oversized_batch == "400":
        raise Refused(Problem(400, f"The maximum number of items in a batch request is {MOST}: {len(inputs)}"))


def carried_out(world: World, call: Call, success: int, acts: Sequence[Callable[[], Done]]) -> Answer:
    """Carry out the items of a batch in their order and answer for all.

    Args:
        world: whose dice and switches decide order and shape.
        call: the request.
        success: the status when every item went well.
        acts: one for each item; one that raises Refused has failed and changed nothing.

    Raises:
        Refused: 400, every item failed and the switch says so.
    """
    outcomes = _outcomes(world, call, acts)
    done = [outcome for outcome in outcomes if isinstance(outcome, Done)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    if failed and not done and world.switches.all_failed == "400":
        raise Refused(failed[0])
    shown = _shown(world, [outcome.body for outcome in done], len(acts))
    if world.switches.batch_order == "shuffled" or call.trouble.shuffle:
        world.random.shuffle(shown)
    body: Body = {
        "completedAt": iso(call.time + TOOK_MS),
        "status": world.switches.batch_status,
        "startedAt": iso(call.time),
        "results": shown,
    }
    if world.switches.batch_extras == "present":
        body |= {"requestedAt": iso(call.time), "links": {}}
    if failed:
        body |= {"errors": [_error(world, problem) for problem in failed], "numErrors": len(failed)}
    campaigns = tuple(outcome.campaign if isinstance(outcome, Done) else None for outcome in outcomes)
    return Answer(_status(world, call, success, failed), body, campaigns=campaigns)


def _outcomes(world: World, call: Call, acts: Sequence[Callable[[], Done]]) -> list[Done | Problem | None]:
    """Carry out each item; None stands for one that a canceled batch never came to."""
    spoiled = None if call.trouble.bad_item is None else int(call.trouble.bad_item * len(acts))
    reached = _half(len(acts)) if world.switches.batch_status == "CANCELED" else len(acts)
    outcomes: list[Done | Problem | None] = []
    for at, act in enumerate(acts[:reached]):
        try:
            if at == spoiled:
                raise _spoiled()
            outcomes.append(act())
        except Refused as refused:
            outcomes.append(refused.problem)
    return outcomes + [None] * (len(acts) - reached)


def _spoiled() -> Refused:
    message = "Campaign could not be processed"
    context = {"message": [message]}
    return Refused(
        Problem(400, f"Invalid request: '{message}'", sub_category="CampaignApiError.UNKNOWN", context=context)
    )


def _shown(world: World, bodies: list[Body], count: int) -> list[Body]:
    match world.switches.batch_status:
        case "PENDING":
            return []
        case "PROCESSING":
            return bodies[: _half(count)]
        case _:
            return bodies


def _half(count: int) -> int:
    return (count + 1) // 2


def _status(world: World, call: Call, success: int, failed: list[Problem]) -> int:
    wanted = world.switches.partial_failure
    rule = call.version.partial_failure if wanted == "by version" else wanted
    return MULTI_STATUS if failed and rule == "207" else success


def _error(world: World, problem: Problem) -> Body:
    """Write the error of one item: recorded ones lack what the specification requires, and name no input."""
    body: Body = {"status": "error", "category": problem.category or "VALIDATION_ERROR", "message": problem.message}
    context = dict(problem.context) or {"message": [problem.message]}
    if world.switches.batch_error == "as recorded":
        return body | {"subCategory": problem.sub_category or "CampaignApiError.INVALID_REQUEST", "context": context}
    detail = {"message": problem.message, "code": "INVALID_REQUEST", "in": "properties", "context": context}
    more = {"subCategory": {"name": problem.sub_category}, "context": context, "errors": [detail], "links": {}}
    return body | {"id": world.correlation_id()} | more
