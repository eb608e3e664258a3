"""The composition root of the HTTP service: the one place where its parts are made and put together."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Final

from litestar import Litestar
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from campaigns import embedded
from campaigns.errors import Unavailable
from campaigns.observe import AcceptMetrics
from campaigns.queue import Queue
from campaigns.settings import Settings
from campaigns.store import Store
from service import health, problems, runs, triggers
from service.auth import Callers
from service.background import beside
from service.calls import Calls

PATIENCE: Final = 2.0
"""Seconds for one answer of Redis: the fsync of a busy disk takes a tenth of it, and a caller has its 503 in time."""

Background = Callable[[Store, Queue], Coroutine[None, None, None]]
"""Runs beside the requests until it is cancelled, such as `campaigns.sweep.sweep`."""


def create_app(
    settings: Settings, background: Sequence[Background] = (), *, open_store: Callable[[Redis], Store] = Store
) -> Litestar:
    """The service as an ASGI application. It connects to nothing before its lifespan begins.

    Args:
        settings: all that it is told from outside.
        background: what runs beside the requests, in the application's loop.
        open_store: makes the store.

    """
    redis = connection(settings)
    store, queue = open_store(redis), Queue(redis)
    calls = Calls(queue)
    callers = Callers.of(settings)
    registry = CollectorRegistry()

    async def ready() -> None:
        await master(redis)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with redis, beside([work(store, queue) for work in background]):
            yield
            await calls.close()

    return Litestar(
        [
            triggers.route(callers, settings.book, store.acceptance, calls, AcceptMetrics(registry)),
            *runs.routes(callers, store.runs),
            *health.routes({"redis": ready}, registry),
        ],
        lifespan=[lifespan],
        exception_handlers={Exception: problems.answer},
        openapi_config=None,
        logging_config=None,
    )


def connection(settings: Settings) -> Redis:
    """A client, not yet connected, of the Redis that *settings* name, or of the embedded Valkey in their folder.

    What fails is not tried again here: the caller hears of it at once, and its repeat is known by its key.
    """
    url = settings.redis_url or embedded.ensure(settings.data)
    return Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), retries=0)
    )


async def master(redis: Redis) -> None:
    """Return when Redis answers and takes writes.

    Raises:
        Unavailable: it does not.

    """
    try:
        await redis.ping()
        role, *_ = await redis.role()
    except (RedisError, OSError) as error:
        raise Unavailable(f"Redis: {error}") from error
    if role != b"master":
        raise Unavailable(f"Redis is a {role.decode()}, which takes no writes")
