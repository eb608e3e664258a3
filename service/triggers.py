"""POST /v1/triggers: a trigger is read, planned and stored; when the answer leaves, it is durable."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from campaigns import keys
from campaigns.errors import Invalid
from campaigns.hubspot.properties import objections
from campaigns.model import Run, Trigger
from campaigns.observe import AcceptMetrics
from campaigns.plan import plan
from campaigns.recipes import Book
from campaigns.store.accept import Acceptance, Accepted, Wish
from campaigns.wishes import CreateCampaign, UpdateCampaign
from service import batches, bodies, callback_urls, cloudevents, idempotency, queries
from service.answers import REPLAYED, Answer, told
from service.auth import Caller, Callers
from service.calls import Calls
from service.problems import Malformed, kind_of
from service.taken import taken_of
from service.trials import Trials

MOST_BODY: Final = 256 * 1024
"""Bytes: four times what CloudEvents asks every intermediary to carry (64 KiB, section 5)."""

PRIVATE: Final = (b"cache-control", b"private")
"""On answers to a URL that holds the key (RFC 6750, section 2.3)."""

NOTHING_ASKED: Final = queries.Sending()

AnyRequest = Request[Any, Any, State]


_encode = msgspec.json.Encoder().encode


def route(
    callers: Callers, book: Book, acceptance: Acceptance, calls: Calls, metrics: AcceptMetrics, trials: Trials
) -> HTTPRouteHandler:
    """The handler of POST /v1/triggers."""

    async def accept(request: AnyRequest) -> Answer:
        began = time.perf_counter()
        try:
            query = request.scope["query_string"]
            asked = queries.read(query, queries.Sending) if query else NOTHING_ASKED
            caller = callers.asking(request.scope["headers"], asked.access_token)
            body = await bodies.whole(request.receive, MOST_BODY)
            form = cloudevents.form_of(request.scope["headers"])
            if form.mode == "batch":
                events = read_batch(request.scope, body, caller, asked)
                batch = batches.Batch(form, events, partial(wish_of, caller=caller, book=book))
                return await batches.take(batch, acceptance, calls, metrics)
            wish = read(form, request.scope, body, caller, book)
            if asked.dry_run:
                return told(await trials.of(wish))
            accepted = await acceptance.accept(wish)
            calls.start(accepted.calls)
            answer = answer_to(wish, accepted)
            if asked.access_token is not None:
                answer.headers = (*answer.headers, PRIVATE)
        except Exception as error:
            metrics.answered(kind_of(error).slug, time.perf_counter() - began)
            raise
        metrics.answered(accepted.outcome, time.perf_counter() - began)
        return answer

    return post("/v1/triggers", status_code=202)(accept)


def read(form: cloudevents.Form, scope: HTTPScope, body: bytes, caller: Caller, book: Book) -> Wish:
    """What the request asks for, if *caller* may ask for it.

    Raises:
        Forbidden: the caller may not send, or not to that portal, or not be called back there.
        Malformed, NoKey: the request cannot be read.
        NoRecipe, Invalid: it cannot be carried out.

    """
    caller.needs("send")
    headers = list(scope["headers"])
    trigger = cloudevents.read(form, headers, body)
    return wish_of(trigger, idempotency.key_of(headers, trigger), caller, book)


def read_batch(scope: HTTPScope, body: bytes, caller: Caller, asked: queries.Sending) -> Sequence[bytes]:
    """The events of a batch, if *caller* may send; raises as `read` does."""
    caller.needs("send")
    if asked.dry_run:
        raise Malformed("a dry run takes one trigger, not a batch")
    if idempotency.header_of(list(scope["headers"])) is not None:
        raise Malformed("a batch has no Idempotency-Key: each event's source and id are its key")
    return cloudevents.read_batch(body)


def wish_of(trigger: Trigger, key: str, caller: Caller, book: Book) -> Wish:
    """What *trigger* asks for under *key*; raises as `read` does."""
    run = plan(trigger, book, caller.sender, key)
    caller.needs_portal(run.portal)
    check_properties(run)
    if run.trigger.callbackurl is not None:  # the caller's, or the recipe's
        callback_urls.check(run.trigger.callbackurl, caller.callbacks)
    return Wish(run, keys.key_hash(caller.name, key), keys.fingerprint(trigger))


def check_properties(run: Run) -> None:
    """Refuse what HubSpot would refuse, before a call is spent on it.

    Raises:
        Invalid: a property cannot be written, or not with this value.

    """
    wish = run.steps[0].wish  # only the first step of a plan is about the campaign itself
    if isinstance(wish, CreateCampaign | UpdateCampaign):
        for objection in objections(wish.properties, creating=isinstance(wish, CreateCampaign)):
            if objection.stops:
                raise Invalid(f"property {objection.property}: {objection.why}")


def answer_to(wish: Wish, accepted: Accepted) -> Answer:
    """The 202 of a wish that was accepted, now or before; raises KeyReused when its key names another."""
    taken = taken_of(wish, accepted)
    location = (b"location", b"/v1/runs/" + accepted.run.encode())
    replayed = (REPLAYED,) if accepted.outcome == "replayed" else ()
    return Answer(202, _encode(taken), location, *replayed)
