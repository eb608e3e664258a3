"""Operators' verbs over HTTP: who may apply them, and that a repeat changes nothing."""

from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from tests.flows.serving import NOWHERE, a_service, problem, send
from tests.settings import a_caller, bearer, some_settings

CALLERS = {
    "shop": a_caller("shop", rights=("send", "read", "operate")),
    "events": a_caller("events"),
    "office": a_caller("office", rights=("admin",)),
}


@pytest.fixture
async def http(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url, callers=CALLERS)) as client:
        yield client


async def apply(
    http: httpx.AsyncClient, run: str, verb: str, *, caller: str = "shop", key: str | None = None, body: object = None
) -> httpx.Response:
    headers = bearer(caller) | ({"Idempotency-Key": key} if key else {})
    return await http.post(f"/v1/runs/{run}/{verb}", headers=headers, json=body)


async def show(http: httpx.AsyncClient, run: str) -> dict[str, object]:
    answer: dict[str, object] = (await http.get(f"/v1/runs/{run}", headers=bearer("office"))).json()
    return answer


async def test_a_run_is_cancelled_retried_and_tells_its_history(http: httpx.AsyncClient) -> None:
    run = (await send(http)).json()["id"]
    cancelled = await apply(http, run, "cancel")
    assert (cancelled.status_code, cancelled.json()) == (200, {"id": run, "outcome": "cancelled"})
    retried = await apply(http, run, "retry", caller="office")
    assert (retried.status_code, retried.json()) == (202, {"id": run, "outcome": "reopened"})
    told = await show(http, run)
    assert told["status"] == "waiting"
    assert [(one["verb"], one["by"]) for one in told["history"]] == [("cancel", "shop"), ("retry", "office")]  # type: ignore[attr-defined]


async def test_a_repeat_under_the_same_key_gets_the_same_answer_and_changes_nothing(http: httpx.AsyncClient) -> None:
    run = (await send(http)).json()["id"]
    first = await apply(http, run, "cancel", key="k-1", body={"made": "undo"})
    await apply(http, run, "retry")
    again = await apply(http, run, "cancel", key="k-1", body={"made": "undo"})
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert (await show(http, run))["status"] == "waiting"
    assert problem(await apply(http, run, "cancel", key="k-1")) == (422, "key-reused")
    assert problem(await apply(http, run, "retry", key="k-1")) == (422, "key-reused")


async def test_what_does_not_fit_the_run_is_a_conflict(http: httpx.AsyncClient) -> None:
    run = (await send(http)).json()["id"]
    assert problem(await apply(http, run, "retry")) == (409, "conflict")


@pytest.mark.parametrize("verb", ["cancel", "retry"])
async def test_somebody_elses_run_is_not_there_and_whoever_may_not_operate_is_refused(
    http: httpx.AsyncClient, verb: str
) -> None:
    mine, foreign = (await send(http)).json()["id"], (await send(http, caller="events")).json()["id"]
    assert problem(await apply(http, foreign, verb)) == (404, "not-found")
    assert problem(await apply(http, mine, verb, caller="events")) == (403, "forbidden")
    assert problem(await http.post(f"/v1/runs/{mine}/{verb}")) == (401, "unauthenticated")


async def test_a_body_that_cannot_be_read_is_refused(http: httpx.AsyncClient) -> None:
    run = (await send(http)).json()["id"]
    bodies: list[object] = [{"made": "gone"}, {"colour": "red"}, []]
    for body in bodies:
        assert problem(await apply(http, run, "cancel", body=body)) == (400, "malformed")
    assert "it is leave or undo" in (await apply(http, run, "cancel", body={"made": "gone"})).json()["detail"]
    plain = await http.post(f"/v1/runs/{run}/cancel", content="undo", headers=bearer("shop"))
    assert problem(plain) == (415, "unsupported-media-type")
    assert (await show(http, run))["status"] == "waiting"


async def test_without_redis_no_verb_is_applied() -> None:
    async with a_service(some_settings(NOWHERE, callers=CALLERS)) as http:
        assert problem(await apply(http, "none", "cancel")) == (503, "unavailable")
