from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar.exceptions import LitestarException

from simulator.versions import VERSIONS
from simulator.wire import Cut
from tests.contract.in_process import LATEST, Scene, a_scene

MARKER = "[fanfare:run.1.subject]"
CREATE = {"method": "POST", "path": ""}


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


async def create(scene: Scene) -> httpx.Response:
    return await scene.ask("POST", "", {"properties": {"hs_name": "A", "hs_notes": MARKER}})


async def only_row(scene: Scene) -> dict[str, Any]:
    (row,) = await scene.ledger()
    return row


@pytest.mark.parametrize(("do", "names"), [("cut_before", []), ("cut_after", ["A"])])
async def test_a_cut_connection_never_looks_like_an_answer(scene: Scene, do: str, names: list[str]) -> None:
    await scene.plan({**CREATE, "do": do})
    with pytest.raises(httpx.TransportError):
        await create(scene)
    row = await only_row(scene)
    assert await scene.names() == names
    assert (row["status"], row["marker"], row["committed"]) == (0, MARKER, bool(names))


async def test_a_create_that_is_simply_sent_again_makes_a_second_campaign(scene: Scene) -> None:
    """There is no idempotency key: HubSpot's own SDK, which sends again after a timeout, can make three."""
    headers = {"Authorization": "Bearer pat-test", "Idempotency-Key": "one"}
    body = {"properties": {"hs_name": "A", "hs_notes": MARKER}}
    await scene.plan({**CREATE, "do": "cut_after", "times": 2})
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            await scene.http.post(VERSIONS[LATEST].prefix, json=body, headers=headers)
    assert (await scene.http.post(VERSIONS[LATEST].prefix, json=body, headers=headers)).status_code == 201
    assert await scene.names() == ["A", "A", "A"]


async def test_a_cut_over_httpxs_own_asgi_transport_raises(scene: Scene) -> None:
    """Without our transport the caller sees Litestar's exception, and the cut as its cause."""
    await scene.plan({"do": "cut_after"})
    plain = httpx.ASGITransport(scene.app)  # type: ignore[arg-type]  # the same protocol, typed more narrowly by Litestar
    async with httpx.AsyncClient(transport=plain, base_url="http://hubspot.test") as http:
        with pytest.raises(LitestarException) as raised:
            await http.get(VERSIONS[LATEST].prefix, headers={"Authorization": "Bearer pat-test"})
    assert isinstance(raised.value.__cause__, Cut)


@pytest.mark.parametrize(("do", "names"), [("status_before", []), ("status_after", ["A"])])
@pytest.mark.parametrize("status", [408, 409, 423, 429, 500, 502, 504, 524])
async def test_a_status_tells_nothing_about_the_commit(scene: Scene, do: str, names: list[str], status: int) -> None:
    await scene.plan({**CREATE, "do": do, "status": status})
    assert (await create(scene)).status_code == status
    row = await only_row(scene)
    assert await scene.names() == names
    assert (row["status"], row["committed"]) == (status, bool(names))


@pytest.mark.parametrize("status", [502, 503, 504, 521, 522, 523, 524])
async def test_what_stands_in_front_of_hubspot_answers_in_html(scene: Scene, status: int) -> None:
    await scene.plan({"do": "status_before", "status": status})
    answer = await scene.ask("GET")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")


@pytest.mark.parametrize(
    ("status", "category", "pause"),
    [
        (400, "VALIDATION_ERROR", None),
        (401, "INVALID_AUTHENTICATION", None),
        (403, "MISSING_SCOPES", None),
        (404, "OBJECT_NOT_FOUND", None),
        (423, "LOCKED", "2"),
        (477, "MIGRATION_IN_PROGRESS", "86400"),
        (500, "INTERNAL_ERROR", None),
    ],
)
async def test_a_planned_status_has_the_body_and_pause_that_hubspot_gives_it(
    scene: Scene, status: int, category: str, pause: str | None
) -> None:
    await scene.plan({"do": "status_before", "status": status})
    answer = await scene.ask("GET")
    body = answer.json()
    assert (answer.status_code, body["category"], answer.headers.get("Retry-After")) == (status, category, pause)
    assert UUID(body["correlationId"])


async def test_a_planned_429_has_the_limiters_body_and_headers(scene: Scene) -> None:
    await scene.plan({"do": "status_before", "status": 429})
    answer = await scene.ask("GET")
    assert answer.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert answer.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert answer.headers["X-HubSpot-RateLimit-Max"] == "190"


async def test_a_late_commit_is_made_after_the_connection_was_cut(scene: Scene) -> None:
    await scene.plan({**CREATE, "do": "late_commit", "delay_ms": 5_000, "times": 1})
    with pytest.raises(httpx.TransportError):
        await create(scene)
    scene.now += 4.999
    assert (await scene.ask("GET")).json()["total"] == 0
    assert (await only_row(scene))["committed"] is False
    scene.now += 0.001
    assert (await scene.ask("GET")).json()["total"] == 1
    row = await only_row(scene)
    (campaign,) = await scene.control("GET", "campaigns")
    assert (row["committed"], row["campaign"], row["status"]) == (True, campaign["id"], 0)


async def test_the_controls_too_see_a_late_commit_once_it_is_due(scene: Scene) -> None:
    await scene.plan({**CREATE, "do": "late_commit", "delay_ms": 5_000})
    with pytest.raises(httpx.TransportError):
        await create(scene)
    scene.now += 5
    assert await scene.names() == ["A"]


async def test_a_late_commit_may_answer_with_a_status_instead(scene: Scene) -> None:
    await scene.plan({**CREATE, "do": "late_commit", "delay_ms": 5_000, "status": 504})
    assert (await create(scene)).status_code == 504
    scene.now += 5
    assert await scene.names() == ["A"]


async def test_a_late_commit_is_dated_when_it_is_made(scene: Scene) -> None:
    await scene.plan({**CREATE, "do": "late_commit", "delay_ms": 5_000, "times": 1})
    with pytest.raises(httpx.TransportError):
        await create(scene)
    await scene.create("B")
    scene.now += 60
    created = [campaign["createdAt"] for campaign in await scene.control("GET", "campaigns")]
    assert created == ["2026-06-01T12:00:00.000Z", "2026-06-01T12:00:05.000Z"]


async def test_a_late_commit_that_has_become_impossible_is_not_made(scene: Scene) -> None:
    campaign = await scene.create("A")
    await scene.plan({"method": "PUT", "do": "late_commit", "delay_ms": 5_000})
    with pytest.raises(httpx.TransportError):
        await scene.ask("PUT", f"/{campaign}/assets/FORM/17")
    await scene.ask("DELETE", f"/{campaign}")
    scene.now += 5
    assert [row["committed"] for row in await scene.ledger()] == [True, False, True]


async def test_a_delay_waits_before_the_answer_leaves_and_after_the_commit(scene: Scene) -> None:
    await scene.plan({"do": "delay", "delay_ms": 150}, {**CREATE, "do": "status_after", "status": 500, "delay_ms": 50})
    await scene.ask("GET")
    await create(scene)
    assert scene.slept == [0.15, 0.2]


async def test_a_lag_keeps_a_new_campaign_out_of_list_and_batch_read(scene: Scene) -> None:
    await scene.plan({**CREATE, "do": "lag_list", "delay_ms": 3_000, "times": 1})
    hidden, shown = await scene.create("A"), await scene.create("B")
    both = {"inputs": [{"id": hidden}, {"id": shown}]}

    async def seen() -> list[int]:
        listed = (await scene.ask("GET", "?name=A")).json()["total"]
        read = len((await scene.ask("POST", "/batch/read", both)).json()["results"])
        return [listed, read, (await scene.ask("GET", f"/{hidden}")).status_code]

    assert await seen() == [0, 1, 200]
    scene.now += 3
    assert await seen() == [1, 2, 200]


async def test_results_can_be_shuffled_where_the_switch_leaves_them_in_order(scene: Scene) -> None:
    await scene.turn(batch_order="as sent")
    names = [f"{number:02}" for number in range(20)]

    async def order() -> list[str]:
        return [row["properties"]["hs_name"] for row in (await scene.create_all(*names)).json()["results"]]

    assert await order() == names
    await scene.plan({"do": "shuffle"})
    assert await order() != names


@pytest.mark.parametrize(("version", "status"), [("2026-03", 207), ("2025-09", 201)])
async def test_one_item_of_a_batch_fails_and_the_others_do_not(scene: Scene, version: str, status: int) -> None:
    await scene.plan({"do": "bad_item"}, seed=3)
    answer = await scene.create_all("A", "B", "C", "D", version=version)
    assert (answer.status_code, answer.json()["numErrors"]) == (status, 1)
    made = sorted(row["properties"]["hs_name"] for row in answer.json()["results"])
    assert len(made) == 3
    assert await scene.names() == made
    assert sorted(row["committed"] for row in await scene.ledger()) == [False, True, True, True]


async def test_a_fault_strikes_before_scopes_and_after_limits(scene: Scene) -> None:
    """A request that the limiter refuses never reaches the trouble behind it."""
    await scene.control("PUT", "limits", {"per_10s": 0})
    await scene.plan({"do": "cut_before", "times": 1})
    assert (await scene.ask("GET")).status_code == 429
    await scene.control("PUT", "limits", {})
    with pytest.raises(httpx.TransportError):
        await scene.ask("GET")


async def test_a_fault_may_strike_the_token_endpoint(scene: Scene) -> None:
    await scene.plan({"do": "status_before", "status": 500, "path": "/oauth/*"})
    assert (await scene.http.post("/oauth/v1/token", data={"grant_type": "refresh_token"})).status_code == 500


PLAN: list[dict[str, object]] = [
    {"do": "cut_after", "share": 0.2},
    {"do": "status_after", "status": 502, "share": 0.2},
    {"do": "late_commit", "delay_ms": 700, "share": 0.2},
    {"do": "bad_item", "share": 0.5},
    {"do": "lag_list", "delay_ms": 900, "share": 0.3},
    {"do": "delay", "delay_ms": 20, "share": 0.5},
]


async def play(seed: int) -> list[object]:
    """Send the same requests to a new simulator; return all that can be seen of it."""
    async with a_scene() as scene:
        await scene.plan(*PLAN, seed=seed)
        seen: list[object] = []
        for number in range(40):
            scene.now += 0.1
            try:
                await scene.create_all(f"{number} a", f"{number} b", f"{number} c")
                seen.append((await scene.ask("GET", "?sort=-createdAt")).text)
            except httpx.TransportError as error:
                seen.append(type(error))
        scene.now += 10
        return [
            *seen,
            scene.slept,
            await scene.ledger(),
            *[await scene.control("GET", at) for at in ("stats", "campaigns")],
        ]


async def test_a_plan_of_faults_plays_the_same_way_twice() -> None:
    first, second, other = await play(11), await play(11), await play(12)
    assert first == second
    assert first != other
