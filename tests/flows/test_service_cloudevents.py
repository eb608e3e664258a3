"""CloudEvents over HTTP on a real Valkey: the official SDK sends in every mode, and batches are answered event by event."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from redis.asyncio import Redis

from campaigns.store import Store
from service.cloudevents import MOST_IN_A_BATCH
from tests.flows.serving import LAUNCH, NOWHERE, a_service, problem, send
from tests.settings import API_KEYS, a_caller, bearer, some_settings

BATCH = {"Content-Type": "application/cloudevents-batch+json; charset=UTF-8"}


@pytest.fixture
async def http(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url)) as client:
        yield client


def an_event(number: int, **attributes: object) -> CloudEvent:
    """A launch as somebody writes it with the SDK."""
    told = {
        "type": "product.launched",
        "source": "urn:shop",
        "id": str(number),
        "time": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "datacontenttype": "application/json",
        "subject": f"Lampe \u20ac {number}",
        "priority": "high",
        "sequence": str(number),
        "notbefore": "2999-01-01T00:00:00Z",
    }
    return CloudEvent(told | attributes, {"name": f"Lamp {number}"})


def batch_of(*messages: HTTPMessage) -> bytes:
    """The SDK writes no batches: they are arrays of what it writes in the structured mode."""
    return b"[" + b",".join(message.body for message in messages) + b"]"


async def post(http: httpx.AsyncClient, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    return await http.post("/v1/triggers", content=body, headers=bearer("shop") | dict(headers))


async def batch(http: httpx.AsyncClient, *events: object, **headers: str) -> httpx.Response:
    return await post(http, json.dumps(events).encode(), BATCH | headers)


def event(number: int, **members: object) -> dict[str, Any]:
    return LAUNCH | {"specversion": "1.0", "id": str(number)} | members


async def test_the_official_sdk_sends_in_every_mode_and_every_event_is_taken_once(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    binary, structured, batched = ([an_event(number) for number in numbers] for numbers in ((1, 2), (3, 4), (5, 6)))
    runs = {}
    for _ in range(2):
        for one in [*map(to_binary_event, binary), *map(to_structured_event, structured)]:
            answer = await post(http, one.body, one.headers)
            assert answer.status_code == 202, answer.text
            runs[answer.json()["id"]] = answer.json()
        answer = await post(http, batch_of(*map(to_structured_event, batched)), BATCH)
        assert answer.status_code == 202, answer.text
        runs |= {result["run"]["id"]: result["run"] for result in answer.json()["results"]}
    # Once more, each in another mode than before.
    crossed = [*map(to_structured_event, binary), *map(to_binary_event, batched)]
    for one in crossed:
        assert (await post(http, one.body, one.headers)).json()["id"] in runs
    assert len(runs) == len(await redis.keys("fanfare:run:*")) == 6
    stored = [(await Store(redis).runs.read(run)).run.trigger for run in runs]
    assert sorted((one.id, one.subject, one.priority, one.sequence, one.data["name"]) for one in stored) == [
        (str(n), f"Lampe \u20ac {n}", "high", n, f"Lamp {n}") for n in range(1, 7)
    ]
    assert {(run["status"], one.time) for run, one in zip(runs.values(), stored, strict=True)} == {
        ("held", 1_772_366_400_000)
    }


async def test_data_as_bytes_is_taken_in_both_modes(http: httpx.AsyncClient, redis: Redis) -> None:
    """The SDK writes bytes as base64 into the structured mode, whatever they are."""
    attributes = {"type": "product.launched", "source": "urn:shop", "id": "1"}
    raw = CloudEvent(attributes | {"datacontenttype": "application/json"}, b'{"name": "Lamp"}')
    answers = [await post(http, one.body, one.headers) for one in (to_binary_event(raw), to_structured_event(raw))]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(await redis.keys("fanfare:run:*")) == 1


async def test_a_batch_accepts_the_good_events_and_says_what_is_wrong_with_the_others(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    known = (await batch(http, event(1))).json()["results"][0]["run"]
    answer = await batch(
        http,
        event(1),
        event(2, subject="sku-2"),
        event(1, data={"name": "Chair"}),
        event(3, type="product.vanished"),
        event(4, portal="umbrella"),
        event(5, sequence=2**60),
        {"type": "product.launched"},
        "no event",
        event(2, subject="sku-2"),
    )
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [one["outcome"] for one in results] == ["replayed", "accepted", *["refused"] * 6, "replayed"]
    assert results[0]["run"] == known
    assert results[1]["run"] == results[8]["run"]
    assert (results[1]["run"]["subject"], results[1]["problem"]) == ("sku-2", None)
    problems = [one["problem"] for one in results[2:8]]
    assert [(one["status"], one["type"].rpartition(":")[2]) for one in problems] == [
        (422, "key-reused"),
        (422, "no-recipe"),
        (403, "portal-refused"),
        (422, "invalid"),
        (400, "malformed"),
        (400, "malformed"),
    ]
    assert len(await redis.keys("fanfare:run:*")) == 2
    assert await redis.llen("rq:queue:campaigns") == 1
    lines = (await http.get("/metrics")).text.splitlines()
    for counted in ('accepted"} 2.0', 'replayed"} 2.0', 'malformed"} 2.0', 'key-reused"} 1.0'):
        assert f'fanfare_triggers_total{{outcome="{counted}' in lines


async def test_a_batch_may_be_empty(http: httpx.AsyncClient) -> None:
    answer = await batch(http)
    assert (answer.status_code, answer.json()) == (202, {"results": []})


@pytest.mark.parametrize("body", [b"{}", b"[", b"[}", b"", b"\xff", b"[" + b"{}," * MOST_IN_A_BATCH + b"{}]"])
async def test_what_is_no_batch_or_too_much_of_one_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    assert problem(await post(http, body, BATCH)) == (400, "malformed")


async def test_a_key_for_a_whole_batch_is_refused(http: httpx.AsyncClient, redis: Redis) -> None:
    assert problem(await batch(http, event(1), **{"Idempotency-Key": "k-1"})) == (400, "malformed")
    assert await redis.keys("*") == []


async def test_whoever_may_not_send_may_not_send_a_batch(redis_url: str) -> None:
    async with a_service(some_settings(redis_url, callers={"shop": a_caller("shop", rights=("read",))})) as http:
        assert problem(await batch(http, event(1))) == (403, "forbidden")


async def test_without_redis_a_whole_batch_is_to_be_sent_again() -> None:
    async with a_service(some_settings(NOWHERE)) as http:
        answer = await batch(http, event(1), event(2))
    assert problem(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_the_trace_is_kept_with_the_run_and_a_repeat_may_belong_to_another(http: httpx.AsyncClient) -> None:
    trace, other = (f"00-{id_}-00f067aa0ba902b7-01" for id_ in ("4bf92f3577b34da6a3ce929d0e0e4736", "1" * 32))
    sent = await send(http, headers={"traceparent": trace})
    again = await send(http, headers={"traceparent": other})
    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    told = (await http.get(sent.headers["location"], headers=bearer("shop"))).json()
    assert told["trigger"]["traceparent"] == trace
    results = (await batch(http, event(8), event(9, traceparent=other), traceparent=trace)).json()["results"]
    for result, expected in zip(results, (trace, other), strict=True):
        told = (await http.get(f"/v1/runs/{result['run']['id']}", headers=bearer("shop"))).json()
        assert told["trigger"]["traceparent"] == expected


async def test_a_sender_that_may_send_is_told_that_its_events_are_wanted(http: httpx.AsyncClient) -> None:
    asked = {"WebHook-Request-Origin": "events.example.com", "WebHook-Request-Rate": "120"}
    in_header = await http.options("/v1/triggers", headers=asked | bearer("shop"))
    in_query = await http.options(f"/v1/triggers?access_token={API_KEYS['shop']}", headers=asked)
    for answer in (in_header, in_query):
        assert answer.status_code == 200
        assert answer.headers["webhook-allowed-origin"] == "events.example.com"
        assert answer.headers["webhook-allowed-rate"] == "*"
        assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({}, (401, "unauthenticated")),
        ({"Authorization": "Bearer wrong"}, (401, "unauthenticated")),
        (bearer("events"), (403, "forbidden")),
        (bearer("shop") | {"WebHook-Request-Origin": "no name"}, (400, "malformed")),
        (bearer("shop") | {"WebHook-Request-Rate": "0"}, (400, "malformed")),
    ],
)
async def test_no_other_sender_gets_consent(redis_url: str, headers: dict[str, str], refusal: tuple[int, str]) -> None:
    callers = {"shop": a_caller("shop"), "events": a_caller("events", rights=("read",))}
    async with a_service(some_settings(redis_url, callers=callers)) as http:
        answer = await http.options("/v1/triggers", headers={"WebHook-Request-Origin": "events.example.com"} | headers)
    assert problem(answer) == refusal
    assert "webhook-allowed-origin" not in answer.headers


async def test_other_questions_about_the_route_get_no_consent(http: httpx.AsyncClient) -> None:
    answer = await http.options("/v1/triggers")
    assert (answer.status_code, answer.headers["allow"]) == (200, "OPTIONS, POST")
    assert "webhook-allowed-origin" not in answer.headers


async def test_a_sender_that_knows_only_a_url_has_its_key_there(http: httpx.AsyncClient) -> None:
    url = f"/v1/triggers?access_token={API_KEYS['shop']}"
    answer = await http.post(url, json=LAUNCH)
    assert (answer.status_code, answer.headers["cache-control"]) == (202, "private")
    assert problem(await http.post("/v1/triggers?access_token=wrong", json=LAUNCH)) == (401, "unauthenticated")
    assert problem(await http.post(url, json=LAUNCH, headers=bearer("shop"))) == (400, "malformed")


@pytest.mark.parametrize("query", ["dry_run=perhaps", "dryrun=true", "access_token"])
async def test_a_query_that_is_not_understood_is_refused_rather_than_passed_over(
    http: httpx.AsyncClient, redis: Redis, query: str
) -> None:
    """Whoever asks for a trial must not get a campaign."""
    assert problem(await http.post(f"/v1/triggers?{query}", json=LAUNCH, headers=bearer("shop"))) == (400, "malformed")
    assert await redis.keys("*") == []
