from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from simulator.switches import TABLE
from tests.contract.in_process import NOON, Scene, a_scene

MARKER = "[fanfare:run.1.subject]"


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


async def test_campaigns_show_all_that_was_ever_made(scene: Scene) -> None:
    campaign = await scene.create("A", hs_notes=MARKER)
    await scene.ask("PUT", f"/{campaign}/assets/FORM/17")
    await scene.ask("POST", f"/{campaign}/budget", {"name": "TV", "amount": 2, "order": 0})
    gone = await scene.create("B")
    await scene.ask("DELETE", f"/{gone}")
    first, second = await scene.control("GET", "campaigns")
    assert set(first) == {"id", "properties", "createdAt", "archived", "assets", "budget", "spend"}
    assert (first["id"], first["archived"], first["createdAt"]) == (campaign, False, "2026-06-01T12:00:00.000Z")
    assert (
        first["properties"].items() >= {"hs_name": "A", "hs_notes": MARKER, "hs_budget_items_sum_amount": "2.0"}.items()
    )
    assert first["assets"] == {"FORM": ["17"]}
    assert (first["budget"][0]["name"], first["spend"]) == ("TV", [])
    assert (second["id"], second["archived"]) == (gone, True)


async def test_the_ledger_has_a_row_for_every_change_and_none_for_a_read(scene: Scene) -> None:
    campaign = await scene.create("A", hs_notes=f"x {MARKER}")
    await scene.ask("GET")
    await scene.ask("POST", "/batch/read", {"inputs": [{"id": campaign}]})
    await scene.ask(
        "POST", f"/{campaign}/spend", {"name": "TV", "amount": 2, "order": 0, "description": "[fanfare:item]"}
    )
    await scene.ask("PATCH", f"/{campaign}", {"properties": {"nonsense": "n"}})
    first, *rest = await scene.ledger()
    assert first == {
        "time": NOON,
        "method": "POST",
        "path": "/marketing/campaigns/2026-03",
        "status": 201,
        "marker": MARKER,
        "committed": True,
        "campaign": campaign,
    }
    short = [(row["method"], row["status"], row["marker"], row["committed"], row["campaign"]) for row in rest]
    assert short == [("POST", 201, "[fanfare:item]", True, campaign), ("PATCH", 400, None, False, campaign)]


async def test_a_batch_has_a_row_for_each_item(scene: Scene) -> None:
    inputs: list[dict[str, Any]] = [
        {"properties": {"hs_name": name, "hs_notes": f"[fanfare:{name}]"}} for name in "ABC"
    ]
    inputs[1]["properties"].pop("hs_name")
    await scene.ask("POST", "/batch/create", {"inputs": inputs})
    rows = await scene.ledger()
    made = {campaign["properties"]["hs_name"]: campaign["id"] for campaign in await scene.control("GET", "campaigns")}
    assert [(row["marker"], row["committed"], row["campaign"], row["status"]) for row in rows] == [
        ("[fanfare:A]", True, made["A"], 207),
        ("[fanfare:B]", False, None, 207),
        ("[fanfare:C]", True, made["C"], 207),
    ]


async def test_a_change_that_is_refused_at_the_door_is_in_the_ledger_too(scene: Scene) -> None:
    scene.token = "other"
    await scene.ask("POST", "", {"properties": {"hs_name": "A", "hs_notes": MARKER}})
    (row,) = await scene.ledger()
    assert (row["status"], row["marker"], row["committed"]) == (401, MARKER, False)


async def test_stats_count_every_request_but_the_controls(scene: Scene) -> None:
    await scene.create("A")
    await scene.ask("GET")
    await scene.ask("GET", "/nonsense")
    await scene.plan({"do": "cut_before"})
    with pytest.raises(httpx.TransportError):
        await scene.ask("GET")
    assert await scene.control("GET", "stats") == {
        "requests": 4,
        "by_status": {"0": 1, "200": 1, "201": 1, "400": 1},
        "by_operation": {"GET /": 2, "GET /{campaign}": 1, "POST /": 1},
        "campaigns": 1,
    }


async def test_a_reset_leaves_nothing(scene: Scene) -> None:
    first = await scene.create("A")
    await scene.control("PUT", "limits", {"per_10s": 3})
    await scene.control("PUT", "missing_assets", [17])
    await scene.turn(duplicate_name="409")
    await scene.plan({"do": "late_commit", "delay_ms": 0, "times": 1}, {"do": "cut_before"})
    with pytest.raises(httpx.TransportError):
        await scene.create("late")
    await scene.control("POST", "reset")
    assert await scene.control("GET", "campaigns") == await scene.ledger() == []
    assert await scene.control("GET", "stats") == {"requests": 0, "by_status": {}, "by_operation": {}, "campaigns": 0}
    assert await scene.create("A") == first
    await scene.create("A")
    assert (await scene.ask("PUT", f"/{first}/assets/FORM/17")).status_code == 204
    assert (await scene.ask("GET")).headers["X-HubSpot-RateLimit-Remaining"] == "186"


@pytest.mark.parametrize(
    ("control", "body", "why"),
    [
        ("switches", {"duplicate_names": "409"}, "there are: tier, "),
        ("switches", {"duplicate_name": "418"}, "there are: allow, 409, 400"),
        ("switches", [], "Expected `object`"),
        ("faults", {"faults": [{"do": "explode"}]}, "explode"),
        ("faults", {"faults": [{"do": "status_before"}]}, "status_before needs a status"),
        ("limits", {"per_10s": -1}, "per_10s"),
        ("limits", {"per_second": 1}, "per_second"),
        ("missing_assets", {"ids": []}, "Expected `array`"),
    ],
)
async def test_a_control_that_makes_no_sense_is_a_400_that_says_why(
    scene: Scene, control: str, body: object, why: str
) -> None:
    answer = await scene.http.put(f"/_sim/{control}", json=body)
    assert answer.status_code == 400
    assert why in answer.json()["message"]


async def test_a_refused_switch_leaves_the_others_of_its_request_alone(scene: Scene) -> None:
    await scene.http.put("/_sim/switches", json={"brands": "one", "duplicate_name": "418"})
    assert (await scene.control("GET", "switches"))["brands"]["answer"] == "none"


async def test_switches_are_shown_with_their_answers_and_what_they_stand_for(scene: Scene) -> None:
    shown = await scene.control("GET", "switches")
    assert set(shown) == set(TABLE)
    assert shown["duplicate_name"]["answers"] == ["allow", "409", "400"]


async def test_the_plan_is_shown_with_how_often_each_fault_has_struck(scene: Scene) -> None:
    await scene.control("PUT", "faults", {"seed": 4, "faults": [{"do": "delay", "method": "POST"}]})
    await scene.create("A")
    shown = await scene.control("GET", "faults")
    assert (shown["seed"], shown["faults"][0]["do"], shown["met"]) == (4, "delay", [1])


async def test_an_unknown_route_is_a_404_in_json(scene: Scene) -> None:
    answer = await scene.http.get("/crm/v3/objects/0-35")
    assert (answer.status_code, answer.json()["status"]) == (404, "error")
