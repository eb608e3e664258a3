"""GET /v1/callbacks and replay: what a caller's receivers have not got, and posting it again."""

from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from campaigns.model import Run
from campaigns.store import Store
from campaigns.store.callbacks import Tried
from tests.builders import a_run, acceptable
from tests.flows.ending import LEASE, an_ended_run
from tests.flows.serving import a_service, problem
from tests.settings import a_caller, bearer, some_settings

URL = "https://shop.example/fanfare"
CALLERS = {
    "shop": a_caller("shop", rights=("send", "read", "operate")),
    "events": a_caller("events", rights=("operate", "read")),
    "office": a_caller("office", rights=("admin",)),
}


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


@pytest.fixture
async def http(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url, callers=CALLERS)) as client:
        yield client


async def a_parked_callback(store: Store, key: str) -> Run:
    run = await an_ended_run(store, key, URL)
    await store.callbacks.claim(100)
    await store.callbacks.save([Tried(run.id, 1, "parked", problem="the receiver answered 410")])
    return run


async def shown(http: httpx.AsyncClient, by: str = "shop", **query: str) -> list[dict[str, object]]:
    answer = await http.get("/v1/callbacks", params=query, headers=bearer(by))
    found: list[dict[str, object]] = answer.json()["callbacks"]
    return found


async def replay(
    http: httpx.AsyncClient, callback: str, caller: str = "shop", key: str | None = None
) -> httpx.Response:
    headers = bearer(caller) | ({"Idempotency-Key": key} if key else {})
    return await http.post(f"/v1/callbacks/{callback}/replay", headers=headers)


async def test_what_is_due_and_what_is_parked_is_shown_to_its_caller(http: httpx.AsyncClient, store: Store) -> None:
    parked, due = await a_parked_callback(store, "parked"), await an_ended_run(store, "due", URL)
    (one,) = await shown(http)
    assert (one["id"], one["run"], one["type"]) == (f"{parked.id}.1", parked.id, "run.done")
    assert (one["state"], one["tries"], one["problem"]) == ("parked", 1, "the receiver answered 410")
    (other,) = await shown(http, state="due")
    assert (other["run"], other["state"], other["tries"], other["problem"]) == (due.id, "due", 0, None)
    for state in ("due", "parked"):
        assert await shown(http, "events", state=state) == []
        assert len(await shown(http, "office", state=state, caller="shop")) == 1


@pytest.mark.parametrize("suffix", ["", ".1"])
async def test_a_parked_callback_is_replayed_and_has_a_whole_day_again(
    http: httpx.AsyncClient, store: Store, redis: Redis, suffix: str
) -> None:
    run = await a_parked_callback(store, "parked")
    await redis.hincrby(f"fanfare:run:{run.id}", "ended", -2 * 86_400_000)
    answer = await replay(http, run.id + suffix)
    assert (answer.status_code, answer.json()) == (202, {"id": run.id + suffix, "outcome": "due"})
    assert await shown(http) == []
    claimed = await store.callbacks.claim(100)
    (due,) = claimed.due
    assert (due.id, due.sequence, due.tries) == (run.id, 1, 0)
    assert claimed.now - due.since < 60_000
    assert [(one.verb, one.by) for one in (await store.runs.read(run.id)).history] == [("replay", "shop")]


async def test_a_message_to_operators_that_was_given_up_is_shown_and_replayed(
    http: httpx.AsyncClient, store: Store
) -> None:
    await store.acceptance.accept(acceptable(a_run("open"), "open"))
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "token", 600_000, "HubSpot answered 401")
    (due,) = (await store.callbacks.claim(100)).due
    await store.callbacks.save([Tried(due.id, 1, "parked", problem="no answer for a day")])
    (one,) = await shown(http)
    assert (one["id"], one["run"], one["type"]) == (due.id, None, "portal.delayed")
    assert (one["state"], one["tries"], one["problem"]) == ("parked", 1, "no answer for a day")
    assert await shown(http, "events") == []
    assert (await replay(http, due.id)).json() == {"id": due.id, "outcome": "due"}
    assert await shown(http) == []
    assert [one.id for one in (await store.callbacks.claim(100)).due] == [due.id]


async def test_a_delivered_callback_may_be_replayed_too_but_once_for_each_key(
    http: httpx.AsyncClient, store: Store
) -> None:
    run = await an_ended_run(store, "told", URL)
    first = await replay(http, run.id, key="k-1")
    await store.callbacks.claim(100)
    await store.callbacks.save([Tried(run.id, 1, "delivered")])
    again = await replay(http, run.id, key="k-1")
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert await shown(http, state="due") == []
    await replay(http, run.id)
    assert len(await shown(http, state="due")) == 1


async def test_what_is_not_there_or_not_the_callers_or_outdated_is_not_replayed(
    http: httpx.AsyncClient, store: Store
) -> None:
    told, silent = await a_parked_callback(store, "told"), await an_ended_run(store, "silent", None)
    for callback in (silent.id, "none", "acme.shop.1.delayed"):
        assert problem(await replay(http, callback)) == (404, "not-found")
    assert problem(await replay(http, f"{told.id}.2")) == (409, "conflict")
    assert problem(await replay(http, told.id, "events")) == (404, "not-found")
    assert (await replay(http, told.id, "office")).status_code == 202


async def test_pages_follow_one_another(http: httpx.AsyncClient, store: Store) -> None:
    runs = [await a_parked_callback(store, str(number)) for number in range(5)]
    first = (await http.get("/v1/callbacks?limit=3", headers=bearer("shop"))).json()
    rest = (await http.get(f"/v1/callbacks?limit=3&after={first['next']}", headers=bearer("shop"))).json()
    assert rest["next"] is None
    assert {one["run"] for one in first["callbacks"] + rest["callbacks"]} == {run.id for run in runs}


async def test_nothing_is_left_of_a_parked_callback_whose_run_is_forgotten(store: Store, redis: Redis) -> None:
    run = await a_parked_callback(store, "old")
    await redis.zadd("fanfare:ended", {run.id: 0})
    assert await store.sweeping.trim() == 1
    assert await redis.keys("fanfare:undelivered:*") == []
