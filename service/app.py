"""The composition root of the HTTP service: the one place where its parts are made and put together."""

import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial

from litestar import Litestar
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from campaigns.hubspot.client import http_client
from campaigns.observe import AcceptMetrics, LoopMetrics
from campaigns.observe.traces import Spans
from campaigns.queue import Queue
from campaigns.settings import Settings, Shelf
from campaigns.store import Store, connection
from campaigns.store.vitals import Vitals
from service import (
    bulks,
    callbacks,
    health,
    healthz,
    portals,
    problems,
    recipes,
    runs,
    subjects,
    triggers,
    verbs,
    webhooks,
)
from service.auth import Callers
from service.background import beside
from service.calls import Calls
from service.looks import Looks
from service.scrapes import Scrapes
from service.traced import TracedAcceptance
from service.trials import Trials

Background = Callable[[Store, Queue], Coroutine[None, None, None]]
"""Runs beside the requests until it is cancelled, such as `campaigns.sweep.sweep`."""

Works = Sequence[Background]
OpenStore = Callable[[Redis], Store]


def create_app(
    settings: Settings, background: Works = (), *, open_store: OpenStore | None = None, spans: Spans | None = None
) -> Litestar:
    """The service as an ASGI application. It connects to nothing before its lifespan begins.

    Args:
        settings: all that it is told from outside.
        background: what runs beside the requests, in the application's loop.
        open_store: makes the store; by default as the settings say.
        spans: record each acceptance; None: nobody asks for them.

    """
    redis = connection.client(connection.address(settings))
    vitals = Vitals(redis, settings)
    open_store = open_store or partial(Store, replicas=settings.replicas or 0, admit=vitals.admit)
    store, queue = open_store(redis), Queue(redis)
    acceptance = TracedAcceptance(store.acceptance, spans) if spans else store.acceptance
    calls = Calls(queue)
    callers = Callers.of(settings)
    shelf = Shelf(settings.book, settings.recipe_files)
    registry = CollectorRegistry()
    scrapes = Scrapes(settings, store.counting, vitals, registry, time.monotonic)
    loop, http = LoopMetrics(registry), http_client()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        works = [vitals.watch(), shelf.watch(), loop.watch(), *(work(store, queue) for work in background)]
        async with redis, http, beside(works):
            yield
            await calls.close()

    return Litestar(
        [
            webhooks.route(callers),
            triggers.route(callers, shelf, acceptance, calls, AcceptMetrics(registry), _trials(settings, store)),
            *runs.routes(callers, store.runs),
            *bulks.routes(callers, store.bulks, partial(secrets.token_hex, 13), retention=settings.retention),
            *callbacks.routes(callers, store.callbacks, calls),
            *portals.routes(callers, store.parked, store.ghosts, calls),
            *subjects.routes(callers, store.bindings, Looks(settings, store, http, partial(secrets.token_hex, 8))),
            recipes.route(callers, shelf),
            *verbs.routes(callers, store.runs, store.verbs, calls, retention=settings.retention),
            *health.routes({"redis": vitals.check}, registry, scrapes.count),
            *healthz.routes(settings, store.counting, vitals, shelf),
        ],
        lifespan=[lifespan],
        exception_handlers={Exception: problems.answer},
        openapi_config=None,
        logging_config=None,
    )


def _trials(settings: Settings, store: Store) -> Trials:
    return Trials(settings.portals, store.runs, store.bindings, store.counting)
