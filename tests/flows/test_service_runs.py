"""GET /v1/runs on a real Valkey: each caller sees its own."""

from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from tests.flows.serving import NOWHERE, a_service, problem, send
from tests.settings import a_caller, bearer, some_settings


@pytest.fixture
async def http(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url)) as client:
        yield client


async def test_a_run_is_shown_to_its_caller_with_its_steps(http: httpx.AsyncClient) -> None:
    sent = (await send(http, subject="sku-1")).json()
    answer = await http.get(f"/v1/runs/{sent['id']}", headers=bearer("shop"))
    told = answer.json()
    assert answer.status_code == 200
    assert (told["id"], told["status"], told["portal"], told["subject"]) == (sent["id"], "waiting", "acme", "sku-1")
    named = {"type": "product.launched", "source": "urn:shop", "id": "1", "subject": "sku-1", "traceparent": None}
    assert told["trigger"] == named
    assert (told["recipe"], told["campaign"], told["ended"]) == ("product.launched", None, None)
    assert told["accepted"].endswith("Z")
    assert told["why"]
    assert told["steps"] == [
        {"name": "create_campaign", "state": "pending", "at": None, "problem": None, "receipt": None}
    ]


async def test_a_held_run_says_until_when(http: httpx.AsyncClient) -> None:
    sent = (await send(http, notbefore="2999-01-01T00:00:00Z")).json()
    told = (await http.get(f"/v1/runs/{sent['id']}", headers=bearer("shop"))).json()
    assert (told["status"], told["until"]) == ("held", "2999-01-01T00:00:00Z")


async def test_somebody_elses_run_is_told_apart_from_none_at_all_by_nothing(http: httpx.AsyncClient) -> None:
    sent = (await send(http)).json()
    foreign = await http.get(f"/v1/runs/{sent['id']}", headers=bearer("events"))
    missing = await http.get("/v1/runs/none", headers=bearer("events"))
    assert problem(foreign) == problem(missing) == (404, "not-found")
    assert foreign.content == missing.content


async def test_a_list_holds_the_callers_own_runs_newest_first(http: httpx.AsyncClient) -> None:
    ids = [(await send(http, id=str(number))).json()["id"] for number in range(3)]
    await send(http, caller="events")
    told = (await http.get("/v1/runs", headers=bearer("shop"))).json()
    assert [run["id"] for run in told["runs"]] == ids[::-1]
    assert told["next"] is None


async def test_an_admin_sees_the_runs_of_the_caller_that_it_names(http: httpx.AsyncClient) -> None:
    sent = (await send(http)).json()
    page = await http.get("/v1/runs", params={"caller": "shop"}, headers=bearer("office"))
    one = await http.get(f"/v1/runs/{sent['id']}", headers=bearer("office"))
    assert [run["id"] for run in page.json()["runs"]] == [one.json()["id"]] == [sent["id"]]
    refused = await http.get("/v1/runs", params={"caller": "shop"}, headers=bearer("events"))
    assert problem(refused) == (403, "forbidden")


async def test_an_admin_sees_the_runs_of_all_callers_as_one_page_after_another(http: httpx.AsyncClient) -> None:
    senders = ["shop", "events", "events", "shop", "shop"]
    ids = [(await send(http, caller=caller, id=str(n))).json()["id"] for n, caller in enumerate(senders)]
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    for _ in range(4):
        told = (await http.get("/v1/runs", params=query, headers=bearer("office"))).json()
        seen += [run["id"] for run in told["runs"]]
        if told["next"] is None:
            break
        query["after"] = told["next"]
    assert seen == ids[::-1]


async def test_pages_follow_one_another_to_the_end(http: httpx.AsyncClient) -> None:
    ids = [(await send(http, id=str(number))).json()["id"] for number in range(5)]
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    for _ in range(4):
        told = (await http.get("/v1/runs", params=query, headers=bearer("shop"))).json()
        seen += [run["id"] for run in told["runs"]]
        if told["next"] is None:
            break
        query["after"] = told["next"]
    assert seen == ids[::-1]


@pytest.mark.parametrize("query", [{"status": "held"}, {"subject": "sku-2"}])
async def test_a_filter_leaves_what_is_asked_for(http: httpx.AsyncClient, query: dict[str, str]) -> None:
    await send(http, subject="sku-1")
    wanted = (await send(http, id="2", subject="sku-2", notbefore="2999-01-01T00:00:00Z")).json()
    told = (await http.get("/v1/runs", params=query, headers=bearer("shop"))).json()
    assert [run["id"] for run in told["runs"]] == [wanted["id"]]


async def test_whoever_may_not_read_is_refused(redis_url: str) -> None:
    sender = {"shop": a_caller("shop", rights=("send",))}
    async with a_service(some_settings(redis_url, callers=sender)) as http:
        for path in ("/v1/runs", "/v1/runs/none"):
            assert problem(await http.get(path, headers=bearer("shop"))) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/v1/runs", "/v1/runs/none"])
async def test_whoever_is_unknown_is_refused(http: httpx.AsyncClient, path: str) -> None:
    assert problem(await http.get(path)) == (401, "unauthenticated")


async def test_a_query_that_cannot_be_understood_is_refused(http: httpx.AsyncClient) -> None:
    assert problem(await http.get("/v1/runs?colour=red", headers=bearer("shop"))) == (400, "malformed")


async def test_without_redis_nothing_is_shown() -> None:
    async with a_service(some_settings(NOWHERE)) as http:
        for path in ("/v1/runs", "/v1/runs/none"):
            assert problem(await http.get(path, headers=bearer("shop"))) == (503, "unavailable")


async def test_a_path_that_is_not_there_is_a_problem_too(http: httpx.AsyncClient) -> None:
    assert problem(await http.get("/v2/runs")) == (404, "not-found")


async def test_a_method_that_a_route_does_not_take_is_a_problem_that_names_those_it_takes(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.delete("/v1/runs")
    assert problem(answer) == (405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


async def test_a_fault_of_ours_is_a_problem_that_keeps_its_words_to_the_log(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    """Here a run's record that cannot be read."""
    sent = (await send(http)).json()
    await redis.hset(f"fanfare:run:{sent['id']}", "plan", b"1\xc1 no plan")
    answer = await http.get(f"/v1/runs/{sent['id']}", headers=bearer("shop"))
    assert problem(answer) == (500, "internal")
    assert "plan" not in answer.text
