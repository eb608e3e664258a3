"""GET /v1/portals, pause and resume: how HubSpot's accounts are, and leaving one alone."""

from collections.abc import AsyncIterator
from typing import cast

import httpx
import pytest
from redis.asyncio import Redis

from campaigns.ghosts import Ghost
from campaigns.keys import Marker
from campaigns.store import Store
from campaigns.store.ghosts import Looked
from campaigns.store.portals import Lease
from tests.builders import a_run
from tests.flows.serving import a_service, problem
from tests.settings import a_caller, bearer, some_settings

CALLERS = {
    "shop": a_caller("shop", rights=("send", "read", "operate")),
    "events": a_caller("events"),
    "office": a_caller("office", rights=("admin",), portals=()),
}
LEASE = Lease("acme", "process-1", "token-1")


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


@pytest.fixture
async def http(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url, callers=CALLERS)) as client:
        yield client


async def shown(http: httpx.AsyncClient, caller: str = "shop") -> dict[str, object]:
    (portal,) = (await http.get("/v1/portals", headers=bearer(caller))).json()["portals"]
    found: dict[str, object] = portal
    return found


async def switch(http: httpx.AsyncClient, verb: str, caller: str = "shop", key: str | None = None) -> httpx.Response:
    headers = bearer(caller) | ({"Idempotency-Key": key} if key else {})
    return await http.post(f"/v1/portals/acme/{verb}", headers=headers)


async def test_a_portal_that_is_well_says_so(http: httpx.AsyncClient) -> None:
    assert await shown(http) == {"name": "acme", "parked": None, "paused": None, "ghosts": []}


async def test_a_portal_is_paused_and_resumed(http: httpx.AsyncClient) -> None:
    paused = await switch(http, "pause")
    assert (paused.status_code, paused.json()) == (200, {"name": "acme", "outcome": "paused"})
    told = (await shown(http, "office"))["paused"]
    assert isinstance(told, dict)
    assert told["by"] == "shop"
    assert (await switch(http, "pause", "office")).json() == paused.json()
    assert (await shown(http))["paused"] == told
    assert (await switch(http, "resume")).json() == {"name": "acme", "outcome": "resumed"}
    assert (await shown(http))["paused"] is None


async def test_a_pause_that_comes_again_after_the_resume_is_not_a_second_one(http: httpx.AsyncClient) -> None:
    await switch(http, "pause", key="k-1")
    await switch(http, "resume")
    again = await switch(http, "pause", key="k-1")
    assert again.headers["idempotent-replayed"] == "true"
    assert (await shown(http))["paused"] is None
    assert problem(await switch(http, "resume", key="k-1")) == (422, "key-reused")


async def test_a_parked_portal_says_why_and_until_when(http: httpx.AsyncClient, store: Store) -> None:
    await store.portals.take(LEASE, 0)
    await store.parked.park(LEASE, "token", 60_000, "the token is not accepted")
    parked = (await shown(http))["parked"]
    assert isinstance(parked, dict)
    assert (parked["why"], parked["problem"]) == ("token", "the token is not accepted")
    assert parked["since"] < parked["until"]


async def test_a_ghost_that_people_must_decide_about_is_shown(http: httpx.AsyncClient, store: Store) -> None:
    run = a_run("k")
    await store.portals.take(LEASE, 0)
    await store.ghosts.save(LEASE, [Looked(Ghost("budget", "c-1", 1, Marker(run.id, 5)), None, "42")])
    (ghost,) = cast("list[dict[str, object]]", (await shown(http))["ghosts"])
    assert (ghost["kind"], ghost["id"], ghost["campaign"], ghost["run"]) == ("budget", "42", "c-1", run.id)


async def test_a_portal_is_switched_only_by_whoever_may_operate_on_it(http: httpx.AsyncClient) -> None:
    assert problem(await switch(http, "pause", "events")) == (403, "forbidden")
    foreign = await http.post("/v1/portals/other/pause", headers=bearer("shop"))
    assert problem(foreign) == (403, "portal-refused")
