"""A batch of events: what is good is stored together, and each event is answered for itself."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from campaigns.errors import CampaignsError, KeyReused
from campaigns.model import Trigger
from campaigns.observe import AcceptMetrics
from campaigns.store.accept import Acceptance, Accepted, Wish
from service import cloudevents, idempotency
from service.answers import Answer, told
from service.calls import Calls
from service.problems import TYPE, Problem, problem_of
from service.taken import TriggerTaken, taken_of

ALL_TAKEN, SOME_REFUSED = 202, 207
"""A sender that looks no further than the status repeats neither; after a 5xx it repeats all, which does no harm."""


class Result(msgspec.Struct, frozen=True):
    """What became of one event of a batch: it is a run now, or was before, or there is a problem with it."""

    outcome: Literal["accepted", "replayed", "refused"]
    run: TriggerTaken | None
    problem: Problem | None


class Results(msgspec.Struct, frozen=True):
    """The answer to a batch: a result for each of its events, in their order."""

    results: tuple[Result, ...]


class Batch(msgspec.Struct, frozen=True):
    """What came together.

    Attributes:
        events: as `cloudevents.read_batch` gives them.
        wish_of: what a trigger asks for under its key; raises what is wrong with it.

    """

    form: cloudevents.Form
    events: Sequence[bytes]
    wish_of: Callable[[Trigger, str], Wish]


async def take(batch: Batch, acceptance: Acceptance, calls: Calls, metrics: AcceptMetrics) -> Answer:
    """Store what can be stored of a batch; each event is counted for itself.

    Raises:
        Unavailable: one cannot be stored now; others may be, and all may be sent again.

    """
    began = time.perf_counter()
    read = [_read(batch, event) for event in batch.events]
    wishes = [wish for wish in read if isinstance(wish, Wish)]
    accepted = await asyncio.gather(*map(acceptance.accept, wishes), return_exceptions=True)
    calls.start([portal for one in accepted if isinstance(one, Accepted) for portal in one.calls])
    came = iter(zip(wishes, accepted, strict=True))
    results = [_result(*next(came)) if isinstance(one, Wish) else _refused(one) for one in read]
    for result in results:
        metrics.answered(_counted(result), time.perf_counter() - began)
    refused = any(result.outcome == "refused" for result in results)
    return told(Results(tuple(results)), SOME_REFUSED if refused else ALL_TAKEN)


def _read(batch: Batch, event: bytes) -> Wish | CampaignsError:
    try:
        trigger = cloudevents.read_one(batch.form, event)
        return batch.wish_of(trigger, idempotency.key_of((), trigger))
    except CampaignsError as error:
        return error


def _result(wish: Wish, came: Accepted | BaseException) -> Result:
    if isinstance(came, BaseException):
        raise came
    try:
        taken = taken_of(wish, came)
    except KeyReused as error:
        return _refused(error)
    return Result("replayed" if came.outcome == "replayed" else "accepted", taken, None)


def _counted(result: Result) -> str:
    return result.outcome if result.problem is None else result.problem.type.removeprefix(TYPE)


def _refused(error: CampaignsError) -> Result:
    return Result("refused", None, problem_of(error))
