"""The asynchronous Redis client for the blocking one that RQ's command line builds; nothing else needs it."""

from typing import Final

from redis import Redis as BlockingRedis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.connection import Connection as BlockingConnection
from redis.connection import SSLConnection as BlockingSSLConnection
from redis.connection import UnixDomainSocketConnection as BlockingUnixDomainSocketConnection

from campaigns.store.connection import OPTIONS

KINDS: Final = {
    BlockingConnection: Connection,
    BlockingSSLConnection: SSLConnection,
    BlockingUnixDomainSocketConnection: UnixDomainSocketConnection,
}

# Where and as whom; time-outs, retries and pools of the blocking client are objects of another kind.
ADDRESS: Final = (
    "host",
    "port",
    "path",
    "db",
    "username",
    "password",
    "ssl_ca_certs",
    "ssl_ca_data",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_keyfile",
    "ssl_password",
)


def asynchronous(client: BlockingRedis | Redis) -> Redis:
    """Return a client for the server of *client*; *client* itself if it is asynchronous.

    Raises:
        ValueError: the server is not found by an address but through Sentinel; `fanfare work` can do that.

    """
    if isinstance(client, Redis):
        return client
    pool = client.connection_pool
    kind = KINDS.get(pool.connection_class)
    if kind is None:
        raise ValueError(f"no asynchronous client can be made from a {pool.connection_class.__name__}")
    address = {name: pool.connection_kwargs[name] for name in ADDRESS if name in pool.connection_kwargs}
    return Redis(connection_pool=BlockingConnectionPool(connection_class=kind, **OPTIONS, **address))
