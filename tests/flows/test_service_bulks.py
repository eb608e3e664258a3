"""Verbs on many runs over HTTP: counted first, and begun only when the count is confirmed."""

from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from campaigns.sweep import sweep
from tests.flows.serving import a_service, problem, send
from tests.flows.working import until
from tests.settings import a_caller, bearer, some_settings

CALLERS = {
    "shop": a_caller("shop", rights=("send", "read", "operate")),
    "events": a_caller("events"),
    "office": a_caller("office", rights=("admin",)),
}


@pytest.fixture
async def http(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url, callers=CALLERS), (sweep,)) as client:
        yield client


async def command(
    http: httpx.AsyncClient, verb: str = "cancel", caller: str = "shop", key: str | None = None, **body: object
) -> httpx.Response:
    headers = bearer(caller) | ({"Idempotency-Key": key} if key else {})
    return await http.post(f"/v1/runs/{verb}", headers=headers, json=body)


async def several(http: httpx.AsyncClient) -> None:
    for number in range(3):
        await send(http, id=str(number))
    await send(http, caller="events")


async def statuses(http: httpx.AsyncClient, caller: str = "shop") -> list[str]:
    told = (await http.get("/v1/runs", params={"caller": caller}, headers=bearer("office"))).json()
    return [run["status"] for run in told["runs"]]


async def test_runs_are_counted_and_nothing_happens_until_the_count_is_confirmed(http: httpx.AsyncClient) -> None:
    await several(http)
    counted = await command(http)
    assert (counted.status_code, counted.json()) == (200, {"count": 3})
    assert problem(await command(http, confirm=4)) == (409, "count-differs")
    assert await statuses(http) == ["waiting"] * 3
    begun = await command(http, confirm=3)
    assert (begun.status_code, begun.json()["count"]) == (202, 3)

    async def worked_off() -> bool:
        told = (await http.get(f"/v1/bulks/{begun.json()['id']}", headers=bearer("shop"))).json()
        return bool(told["left"] == 0)

    await until(worked_off)
    assert await statuses(http) == ["cancelled"] * 3
    assert await statuses(http, "events") == ["waiting"]


async def test_the_same_key_begins_one_bulk_and_gets_the_same_answer(http: httpx.AsyncClient) -> None:
    """Though no run is left to which the verb would be applied, so that a new count would differ."""
    await several(http)
    first = await command(http, key="k-1", confirm=3)

    async def cancelled() -> bool:
        return await statuses(http) == ["cancelled"] * 3

    await until(cancelled)
    again = await command(http, key="k-1", confirm=3)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert problem(await command(http, key="k-1", confirm=0)) == (422, "key-reused")


async def test_an_admin_means_everybodys_runs_unless_it_names_whose(http: httpx.AsyncClient) -> None:
    await several(http)
    assert (await command(http, caller="office")).json() == {"count": 4}
    assert (await command(http, caller="office", **{"from": "2000-01-01T00:00:00Z"})).json() == {"count": 4}
    assert (await command(http, caller="office", to="2000-01-01T00:00:00Z")).json() == {"count": 0}
    assert (await command(http, caller="office", recipe="product.launched", status="waiting")).json() == {"count": 4}
    asked = await http.post("/v1/runs/cancel", headers=bearer("office"), json={"caller": "events"})
    assert asked.json() == {"count": 1}
    assert (await command(http, "retry", caller="office")).json() == {"count": 0}


async def test_whoever_may_not_is_refused_and_somebody_elses_bulk_is_not_there(http: httpx.AsyncClient) -> None:
    assert problem(await command(http, caller="events")) == (403, "forbidden")
    asked = await http.post("/v1/runs/cancel", headers=bearer("shop"), json={"caller": "events"})
    assert problem(asked) == (403, "forbidden")
    assert problem(await http.post("/v1/runs/cancel", json=[])) == (401, "unauthenticated")
    begun = (await command(http, caller="office", confirm=0)).json()["id"]
    assert problem(await http.get(f"/v1/bulks/{begun}", headers=bearer("shop"))) == (404, "not-found")


async def test_a_body_that_cannot_be_read_is_refused(http: httpx.AsyncClient) -> None:
    for body in ({"colour": "red"}, {"from": "yesterday"}, {"confirm": -1}, {"status": "odd"}, {"made": "gone"}):
        assert problem(await command(http, **body)) == (400, "malformed")
    assert problem(await command(http, "retry", made="undo")) == (400, "malformed")
