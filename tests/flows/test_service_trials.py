"""POST /v1/triggers?dry_run=true on a real Valkey: the plan, the calls and the checks, and nothing is changed."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from campaigns import keys
from campaigns.recipes import Recipe, Recipes
from campaigns.store import Store
from tests.flows.serving import LAUNCH, NOWHERE, a_service, problem, send
from tests.settings import LAUNCHED, bearer, some_settings

REQUEST = {
    "type": "campaign.requested",
    "source": "urn:shop",
    "id": "1",
    "portal": "acme",
    "data": {
        "properties": {
            "hs_name": "Lamp",
            "hs_goal": "fame",
            "hs_start_date": "2020-02-01",
            "hs_end_date": "2020-01-01",
        },
        "assets": [{"type": "FORM", "id": "7"}, {"type": "WORKFLOW", "id": "8"}],
        "budget": [{"name": "Ads", "amount": 10}],
    },
}
UPDATED = Recipe(on="product.updated", portal="acme", do="update", properties={"hs_notes": "{{ data.note }}"})


@pytest.fixture
async def http(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url, book=Recipes((LAUNCHED, UPDATED)))) as client:
        yield client


async def attempt(http: httpx.AsyncClient, trigger: dict[str, Any], **headers: str) -> httpx.Response:
    return await http.post("/v1/triggers?dry_run=true", json=trigger, headers=bearer("shop") | headers)


def found(answer: httpx.Response) -> dict[str, tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return {check["check"]: (check["outcome"], check["detail"]) for check in answer.json()["checks"]}


async def test_the_plan_and_its_calls_are_told(http: httpx.AsyncClient) -> None:
    told = (await attempt(http, REQUEST)).json()
    assert (told["recipe"], told["portal"], told["name"]) == ("campaign.requested", "acme", "Lamp")
    assert (told["status"], told["subject"], told["campaign"]) == ("waiting", None, None)
    assert [step["name"] for step in told["steps"]] == [
        "create_campaign",
        "attach_asset FORM 7",
        "attach_asset WORKFLOW 8",
        "add_budget_item 0",
    ]
    assert [(call["method"], call["path"].removeprefix("/marketing/campaigns/2026-03")) for call in told["calls"]] == [
        ("POST", ""),
        ("PUT", "/{campaign}/assets/FORM/7"),
        ("PUT", "/{campaign}/assets/WORKFLOW/8"),
        ("POST", "/{campaign}/budget"),
    ]
    assert told["calls"][0]["body"]["properties"]["hs_name"] == "Lamp"


async def test_each_check_says_what_it_found(http: httpx.AsyncClient) -> None:
    checks = found(await attempt(http, REQUEST))
    assert {check for check, (outcome, _) in checks.items() if outcome == "warning"} == {
        "properties",
        "dates",
        "assets",
    }
    assert "hs_goal" in checks["properties"][1]
    assert "before hs_start_date" in checks["dates"][1]
    assert "is over" in checks["dates"][1]
    assert "AUTOMATION_PLATFORM_FLOW" in checks["assets"][1]
    assert checks["quota"] == ("ok", "190 of 190 calls in ten seconds are left; 0 runs are ahead")


async def test_nothing_is_stored_and_the_key_stays_free(http: httpx.AsyncClient, redis: Redis) -> None:
    await attempt(http, LAUNCH, **{"Idempotency-Key": "k-1"})
    assert await redis.keys("*") == []
    assert (await send(http, headers={"Idempotency-Key": "k-1"}, data={"name": "Chair"})).status_code == 202


async def test_a_trial_in_the_binary_mode_is_one_too(http: httpx.AsyncClient, redis: Redis) -> None:
    headers = {"ce-specversion": "1.0", "ce-type": "product.launched", "ce-source": "urn:shop", "ce-id": "1"}
    assert found(await attempt(http, {"name": "Lamp"}, **headers))["recipe"][0] == "ok"
    assert await redis.keys("*") == []


async def test_a_repeat_is_told_what_it_repeats_and_another_trigger_under_the_key_is_refused(
    http: httpx.AsyncClient,
) -> None:
    run = (await send(http)).json()["id"]
    outcome, detail = found(await attempt(http, LAUNCH))["key"]
    assert (outcome, run in detail) == ("warning", True)
    assert problem(await attempt(http, LAUNCH | {"data": {"name": "Chair"}})) == (422, "key-reused")


async def test_a_subject_with_a_campaign_has_it_changed_and_what_is_stale_is_said(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    lane = keys.lane_name("acme", "shared", "sku-1")
    await Store(redis).bindings.bind(lane, "c-1", "shop")
    update = LAUNCH | {"type": "product.updated", "subject": "sku-1", "data": {"note": "n"}}
    told = (await attempt(http, update)).json()
    assert told["campaign"] == "c-1"
    assert [(call["method"], call["path"]) for call in told["calls"]] == [
        ("GET", "/marketing/campaigns/2026-03/c-1?properties=hs_notes"),
        ("PATCH", "/marketing/campaigns/2026-03/c-1"),
    ]
    await redis.hset(f"fanfare:subject:{lane}", "p:hs_notes", "9999999999999999.")
    told = (await attempt(http, update)).json()
    assert (told["calls"], [step["stale"] for step in told["steps"]]) == ([], [True])


async def test_a_trigger_for_later_would_be_held(http: httpx.AsyncClient) -> None:
    assert (await attempt(http, LAUNCH | {"notbefore": "2999-01-01T00:00:00Z"})).json()["status"] == "held"


async def test_a_spent_quota_and_a_paused_portal_are_told(http: httpx.AsyncClient, redis: Redis) -> None:
    later = 4_000_000_000_000
    await redis.zadd("fanfare:quota:acme", {str(place): later for place in range(190)})
    await redis.expire("fanfare:quota:acme", 60)
    await Store(redis).parked.pause("acme", "office", once="", mark="")
    checks = found(await attempt(http, LAUNCH))
    assert checks["quota"][0] == checks["portal"][0] == "warning"


@pytest.mark.parametrize(
    ("trigger", "refusal"),
    [
        (LAUNCH | {"type": "product.vanished"}, (422, "no-recipe")),
        (LAUNCH | {"portal": "umbrella"}, (403, "portal-refused")),
        (LAUNCH | {"data": {}}, (422, "invalid")),
        (LAUNCH | {"id": None}, (400, "no-key")),
    ],
)
async def test_what_would_be_refused_is_refused_alike(
    http: httpx.AsyncClient, trigger: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert problem(await attempt(http, trigger)) == refusal


async def test_a_batch_is_not_tried(http: httpx.AsyncClient, redis: Redis) -> None:
    headers = bearer("shop") | {"Content-Type": "application/cloudevents-batch+json"}
    answer = await http.post("/v1/triggers?dry_run=true", content=b"[]", headers=headers)
    assert problem(answer) == (400, "malformed")
    assert await redis.keys("*") == []


async def test_without_redis_nothing_can_be_told() -> None:
    async with a_service(some_settings(NOWHERE)) as http:
        assert problem(await attempt(http, LAUNCH)) == (503, "unavailable")
