"""Opening Redis for whoever needs it: what an address may look like, and how patient a client is.

Nothing is tried again in here. Whoever asks knows whether asking twice does harm and how long it is worth it: a caller
repeats its trigger, a worker rides an outage out (`patience`), the sweep comes round. A connection that has failed, or
that leads to a server that takes no writes any more, is closed; the next question opens another.
"""

import asyncio
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

from campaigns import embedded
from campaigns.errors import Invalid
from campaigns.settings import Settings

PATIENCE: Final = 2.0
"""Seconds for one answer, or one connection. The fsync of a busy disk takes a tenth of it; whoever lets Redis wait for
something (RQ's worker for a job, `WAIT` for replicas) lets it wait for one second. A holder that is cut off asks twice
before its lease ends, and a caller has its 503 in time."""

MOST_CONNECTIONS: Final = 1_000
"""As many as a process may have questions: redis-py refuses the next one at once, at 100 by default."""

BY_SENTINEL: Final = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}
SENTINEL_PORT: Final = 26_379

_TOO_LONG: Final = f"no answer in {PATIENCE:.0f} s"

_FATAL: Final = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.ReadOnlyError)

OPTIONS: Final[dict[str, Any]] = {
    "socket_timeout": PATIENCE,
    "socket_connect_timeout": PATIENCE,
    "retry": Retry(NoBackoff(), 0, _FATAL),
}
"""Of every connection. Keep-alive is redis-py's own: a peer that has vanished is noticed within 45 s of silence."""

PATIENTLY: Final[dict[str, Any]] = OPTIONS | {"socket_timeout": None}
"""Of the connections of a `Patient` client, which itself watches the time."""


class Patient(Redis):
    """A client that gives each command, its connection included, `PATIENCE`; then it raises redis-py's TimeoutError.

    redis-py's own `socket_timeout` sends through `asyncio.wait_for`: that makes a task for each command, and before
    Python 3.12 it may swallow a cancellation (https://github.com/python/cpython/issues/86296).
    """

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - each command's own answer
        """What Redis answers to the command."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except TimeoutError as error:
            raise exceptions.TimeoutError(_TOO_LONG) from error

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002 - redis-py's
        """Commands to be sent together, all of them with the time of one."""
        return _PatientPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class _PatientPipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 - redis-py's
        try:
            async with asyncio.timeout(PATIENCE):
                return await super().execute(raise_on_error)
        except TimeoutError as error:
            raise exceptions.TimeoutError(_TOO_LONG) from error


def address(settings: Settings) -> str:
    """Where Redis is: as *settings* say, else the embedded Valkey in their folder, started if need be (this blocks)."""
    return settings.redis_url or embedded.ensure(settings.data)


def client(url: str) -> Redis:
    """A client, not yet connected, that does not decode answers; closing it closes all that it opened.

    Args:
        url: `redis://` or `rediss://` (TLS) `user:password@host:port/db`; `unix://path`; or
            `redis+sentinel://user:password@host:port,host:port/master/db`, where Sentinels know which server is the
            master called so (`rediss+sentinel://`: TLS to all of them; `?sentinel_username=` and `?sentinel_password=`
            for the Sentinels themselves). Options of redis-py's connections may follow as a query.

    Raises:
        Invalid: it is none of these.

    """
    try:
        parts = urlsplit(url)
        if parts.scheme in BY_SENTINEL:
            return _found_by_sentinels(parts)
        return Patient.from_url(url, max_connections=MOST_CONNECTIONS, **PATIENTLY)
    except ValueError as error:
        raise Invalid(f"settings: FANFARE_REDIS_URL: {error}") from error  # never the URL: it may hold a password


class _Pool(SentinelConnectionPool):
    """Connections to whichever server is the master; closing them closes those to the Sentinels too."""

    async def aclose(self) -> None:
        await super().aclose()
        await self.sentinel_manager.aclose()


def _found_by_sentinels(url: SplitResult) -> Redis:
    user, at, hosts = url.netloc.rpartition("@")
    master, _, db = url.path.strip("/").partition("/")
    if not hosts or not master:
        raise ValueError("Sentinel is redis+sentinel://host:port,host:port/master")
    # The rest means what it means to redis-py behind a single host.
    told: dict[str, Any] = dict(parse_url(f"{BY_SENTINEL[url.scheme]}://{user}{at}master/{db}?{url.query}"))
    del told["host"]
    tls: dict[str, Any] = {"ssl": told.pop("connection_class", None) is SSLConnection}
    tls |= {name: value for name, value in told.items() if name.startswith("ssl_")}
    own = {name: told.pop(f"sentinel_{name}", None) for name in ("username", "password")}
    sentinels = Sentinel([_host(host) for host in hosts.split(",")], sentinel_kwargs=OPTIONS | tls | own)  # type: ignore[no-untyped-call]
    found: Redis = sentinels.master_for(
        master, Patient, connection_pool_class=_Pool, max_connections=MOST_CONNECTIONS, **(PATIENTLY | tls | told)
    )
    return found


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("a Sentinel has no host")
    return parts.hostname, parts.port or SENTINEL_PORT
