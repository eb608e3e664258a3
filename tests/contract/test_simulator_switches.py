"""Every switch, with every answer: what a client sees of it. The table at the end names the test of each."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from simulator.switches import TABLE
from tests.contract.in_process import Scene, a_scene

LONG = "x" * 257


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


def answers(switch: str, *expected: object) -> pytest.MarkDecorator:
    """Give a test each answer of a switch with what it should see, in the order of the table."""
    return pytest.mark.parametrize(("switch", "answer", "seen"), [
        (switch, answer, one) for answer, one in zip(TABLE[switch].answers, expected, strict=True)
    ])  # fmt: skip


async def turned(scene: Scene, switch: str, answer: str) -> None:
    await scene.turn(**{switch: answer})


async def create(scene: Scene, **properties: str) -> httpx.Response:
    return await scene.ask("POST", "", {"properties": {"hs_name": "A", **properties}})


async def properties(scene: Scene, campaign: str, names: str) -> dict[str, str]:
    read: dict[str, str] = (await scene.ask("GET", f"/{campaign}?properties={names}")).json()["properties"]
    return read


@pytest.mark.seed("G43")
@answers("duplicate_name", 201, 409, 400)
async def test_a_second_campaign_of_the_same_name(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    first = await scene.create("A")
    other = await scene.create("B")
    statuses = [
        (await create(scene)).status_code,
        (await scene.ask("PATCH", f"/{other}", {"properties": {"hs_name": "A"}})).status_code,
        (await scene.ask("PATCH", f"/{first}", {"properties": {"hs_name": "A"}})).status_code,
    ]
    assert statuses == [seen, 200 if seen == 201 else seen, 200]


@pytest.mark.parametrize("answer", ["409", "400"])
async def test_a_name_is_free_again_when_its_campaign_is_deleted_or_renamed(scene: Scene, answer: str) -> None:
    await scene.turn(duplicate_name=answer)
    await scene.ask("DELETE", f"/{await scene.create('A')}")
    renamed = await scene.create("A")
    await scene.ask("PATCH", f"/{renamed}", {"properties": {"hs_name": "B"}})
    assert (await create(scene)).status_code == 201


@answers("unique_creation_key", [400, 400], [201, 409])
async def test_a_key_of_creation(scene: Scene, switch: str, answer: str, seen: list[int]) -> None:
    await turned(scene, switch, answer)
    assert [(await create(scene, hs_unique_creation_key="k")).status_code for _ in range(2)] == seen


async def test_a_campaign_may_be_given_its_own_key_again(scene: Scene) -> None:
    await scene.turn(unique_creation_key="enforced")
    campaign = await scene.create("A", hs_unique_creation_key="k")
    body = {"properties": {"hs_unique_creation_key": "k"}}
    assert (await scene.ask("PATCH", f"/{campaign}", body)).status_code == 200


@pytest.mark.seed("G43")
@pytest.mark.seed("G48")
@pytest.mark.parametrize("name", ["hs_name", "hs_utm"])
@answers("long_value", None, 256, 257)
async def test_a_value_of_257_characters(scene: Scene, switch: str, answer: str, seen: int | None, name: str) -> None:
    await turned(scene, switch, answer)
    made = await create(scene, **{name: LONG})
    kept = (await properties(scene, made.json()["id"], name))[name] if made.is_success else None
    assert (None if kept is None else len(kept)) == seen


@pytest.mark.seed("G36")
@answers("unknown_property", [400, 400, 200, 200, 200], [400] * 5, [200] * 5)
async def test_an_unknown_or_read_only_property(scene: Scene, switch: str, answer: str, seen: list[int]) -> None:
    """By version: v3 and 2026-03 refuse, 2025-09, 2026-09 and the beta ignore."""
    await turned(scene, switch, answer)
    campaign = await scene.create("A")
    for name in ("nonsense", "hs_owner"):
        body = {"properties": {name: "x", "hs_notes": "n"}}
        versions = ("v3", "2026-03", "2025-09", "2026-09", "2026-09-beta")
        assert [
            (await scene.ask("PATCH", f"/{campaign}", body, version=version)).status_code for version in versions
        ] == seen
    assert (await properties(scene, campaign, "nonsense,hs_owner")).get("hs_owner") != "x"


@answers("custom_properties", 400, 201)
async def test_a_property_that_the_portal_has_defined(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    made = await create(scene, fanfare_marker="m")
    assert made.status_code == seen
    if seen == 201:
        assert await properties(scene, made.json()["id"], "fanfare_marker") == {"fanfare_marker": "m"}
        assert (await create(scene, hs_nonsense="m")).status_code == 400


@pytest.mark.seed("G42")
@answers("retired_goal", {}, {"hs_goal": "more"})
async def test_a_goal(scene: Scene, switch: str, answer: str, seen: dict[str, str]) -> None:
    await turned(scene, switch, answer)
    assert await properties(scene, await scene.create("A", hs_goal="more"), "hs_goal") == seen


@answers("default_status", {}, {"hs_campaign_status": "planned"}, {"hs_campaign_status": "in_progress"})
async def test_the_status_of_a_new_campaign(scene: Scene, switch: str, answer: str, seen: dict[str, str]) -> None:
    await turned(scene, switch, answer)
    assert await properties(scene, await scene.create("A"), "hs_campaign_status") == seen


@answers("status_casing", "active", "ACTIVE")
async def test_the_casing_of_a_status(scene: Scene, switch: str, answer: str, seen: str) -> None:
    await turned(scene, switch, answer)
    campaign = await scene.create("A", hs_campaign_status="active")
    assert await properties(scene, campaign, "hs_campaign_status") == {"hs_campaign_status": seen}


@answers("end_before_start", 201, 400)
async def test_an_end_before_the_start(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    assert (await create(scene, hs_start_date="2026-06-02", hs_end_date="2026-06-01")).status_code == seen


@answers("name_spaces", " A ", "A")
async def test_white_space_around_a_name(scene: Scene, switch: str, answer: str, seen: str) -> None:
    await turned(scene, switch, answer)
    assert await properties(scene, await scene.create(" A "), "hs_name") == {"hs_name": seen}


@answers("assigned_utm", False, True)
async def test_a_utm_that_hubspot_sets_itself(scene: Scene, switch: str, answer: str, seen: bool) -> None:
    """It is absent in the answer to create."""
    await turned(scene, switch, answer)
    made = (await create(scene)).json()
    assert "hs_utm" not in made["properties"]
    assert ("hs_utm" in await properties(scene, made["id"], "hs_utm")) == seen
    given = await scene.create("B", hs_utm="mine")
    assert await properties(scene, given, "hs_utm") == {"hs_utm": "mine"}


@answers("lookup_lag_s", 0, 1, 2, 5, 10, 30)
async def test_how_late_a_list_shows_a_new_campaign(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    await scene.create("A")
    scene.now += max(seen - 0.001, 0)
    early = (await scene.ask("GET")).json()["total"]
    scene.now += 0.001
    assert [early, (await scene.ask("GET")).json()["total"]] == [int(seen == 0), 1]


@answers("name_filter", 2, 1)
async def test_the_case_of_a_name_looked_for(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    await scene.create_all("Sale", "sale")
    assert (await scene.ask("GET", "?name=Sal")).json()["total"] == seen


@answers("unknown_requested", 200, 400)
async def test_an_unknown_property_asked_for(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    campaign = await scene.create("A")
    for rest in (f"/{campaign}?properties=hs_name,nonsense", "?properties=nonsense"):
        assert (await scene.ask("GET", rest)).status_code == seen
    assert (await scene.ask("GET", f"/{campaign}?properties=hs_name,hs_owner")).status_code == 200


@pytest.mark.seed("G39")
@answers("sort_constant", 400, 200)
async def test_the_sort_of_the_guides_example(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    await scene.create_all("A", "B")
    got = await scene.ask("GET", "?sort=-CREATED_AT")
    assert got.status_code == seen
    if seen == 200:
        assert got.json() == (await scene.ask("GET", "?sort=-createdAt")).json()


@answers("double_encoded_cursor", None, "A", "C")
async def test_a_cursor_encoded_twice(scene: Scene, switch: str, answer: str, seen: str | None) -> None:
    """The cursor as handed out, encoded once more by a client that does not know: page 2 holds C."""
    await turned(scene, switch, answer)
    for name in "ABC":
        await scene.create(name)
    after = (await scene.ask("GET", "?limit=2")).json()["paging"]["next"]["after"]
    second = await scene.ask("GET", f"?limit=2&properties=hs_name&after={quote(after)}")
    rows = second.json().get("results", [])
    assert (rows[0]["properties"]["hs_name"] if rows else None) == seen
    assert second.status_code == (400 if seen is None else 200)


@answers("oversized_batch", 400, 201)
async def test_a_batch_of_51(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    assert (await scene.create_all(*map(str, range(51)))).status_code == seen


@answers("partial_failure", [207, 201], [207, 207], [201, 201])
async def test_a_batch_of_which_a_part_fails(scene: Scene, switch: str, answer: str, seen: list[int]) -> None:
    await turned(scene, switch, answer)
    got = [await scene.create_all("A", "", version=version) for version in ("2026-03", "2025-09")]
    assert [answer.status_code for answer in got] == seen
    assert all(answer.json()["numErrors"] == 1 for answer in got)


@answers("all_failed", 207, 400)
async def test_a_batch_of_which_every_item_fails(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    got = await scene.create_all("", "")
    assert (got.status_code, "results" in got.json()) == (seen, seen == 207)
    assert (await scene.create_all("A", "")).status_code == 207


@pytest.mark.seed("B6")
@answers("batch_error", str, dict)
async def test_the_error_of_an_item(scene: Scene, switch: str, answer: str, seen: type) -> None:
    """As specified: subCategory is an object, errors, links and an id are there. The wire has been seen to differ."""
    await turned(scene, switch, answer)
    (error,) = (await scene.create_all("")).json()["errors"]
    assert isinstance(error["subCategory"], seen)
    assert ({"errors", "links", "id"} <= set(error)) == (seen is dict)


@answers("batch_status", 4, 0, 2, 2)
async def test_the_status_of_a_batch(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    body = (await scene.create_all(*"ABCD")).json()
    assert (body["status"], len(body["results"])) == (answer, seen)


@answers("batch_order", False, True)
async def test_the_order_of_a_batchs_results(scene: Scene, switch: str, answer: str, seen: bool) -> None:
    await turned(scene, switch, answer)
    names = [f"{number:02}" for number in range(20)]
    got = [row["properties"]["hs_name"] for row in (await scene.create_all(*names)).json()["results"]]
    assert (got == names) == seen


@answers("batch_extras", False, True)
async def test_what_a_batch_may_tell_besides(scene: Scene, switch: str, answer: str, seen: bool) -> None:
    await turned(scene, switch, answer)
    body = (await scene.create_all("A")).json()
    assert ({"requestedAt", "links"} <= set(body)) == seen


@answers("unknown_asset_type", 400, 404)
async def test_an_asset_type_that_does_not_exist(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    campaign = await scene.create("A")
    assert (await scene.ask("PUT", f"/{campaign}/assets/WORKFLOW/17")).status_code == seen


@pytest.mark.seed("G33")
@answers("associable", 204, 400)
async def test_a_type_that_is_not_on_the_guides_page(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    campaign = await scene.create("A")
    for method in ("PUT", "DELETE"):
        assert (await scene.ask(method, f"/{campaign}/assets/LANDING_PAGE/17")).status_code == seen


@answers("repeated_attach", 204, 409)
async def test_an_asset_attached_twice(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    campaign = await scene.create("A")
    statuses = [(await scene.ask("PUT", f"/{campaign}/assets/FORM/17")).status_code for _ in range(2)]
    assert statuses == [204, seen]


@answers("missing_detach", 204, 404)
async def test_an_asset_detached_that_was_not_attached(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    campaign = await scene.create("A")
    assert (await scene.ask("DELETE", f"/{campaign}/assets/FORM/17")).status_code == seen


@answers("unbounded_revenue", 200, 400)
async def test_a_revenue_report_without_dates(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    campaign = await scene.create("A")
    assert (await scene.ask("GET", f"/{campaign}/reports/revenue")).status_code == seen
    dates = "startDate=2026-05-01&endDate=2026-05-31"
    assert (await scene.ask("GET", f"/{campaign}/reports/revenue?{dates}")).status_code == 200


async def refused_by_limit(scene: Scene) -> httpx.Response:
    await scene.control("PUT", "limits", {"per_10s": 1})
    await scene.ask("GET")
    scene.now += 3.2
    return await scene.ask("GET")


@answers("retry_after", None, "7")
async def test_the_pause_of_a_429(scene: Scene, switch: str, answer: str, seen: str | None) -> None:
    await turned(scene, switch, answer)
    assert (await refused_by_limit(scene)).headers.get("Retry-After") == seen


@answers("burst_policy", "ten_secondly_rolling", "secondly")
async def test_the_policy_of_a_429(scene: Scene, switch: str, answer: str, seen: str) -> None:
    await turned(scene, switch, answer)
    body = (await refused_by_limit(scene)).json()
    assert (body["policyName"], body["message"]) == (seen.upper(), f"You have reached your {seen} limit.")


@answers("limit_category", None, "RATE_LIMITS")
async def test_the_category_of_a_429(scene: Scene, switch: str, answer: str, seen: str | None) -> None:
    await turned(scene, switch, answer)
    assert (await refused_by_limit(scene)).json().get("category") == seen


@answers("limit_headers", True, False)
async def test_the_headers_of_the_limits(scene: Scene, switch: str, answer: str, seen: bool) -> None:
    await turned(scene, switch, answer)
    got = [await scene.ask("GET"), await refused_by_limit(scene)]
    assert [any(name.startswith("x-hubspot") for name in one.headers) for one in got] == [seen, seen]


@answers("refused_count", 200, 429)
async def test_a_429_that_takes_a_place(scene: Scene, switch: str, answer: str, seen: int) -> None:
    await turned(scene, switch, answer)
    assert (await refused_by_limit(scene)).status_code == 429
    scene.now += 6.8
    assert (await scene.ask("GET")).status_code == seen


@answers("error_category", True, False)
async def test_the_category_of_an_error(scene: Scene, switch: str, answer: str, seen: bool) -> None:
    await turned(scene, switch, answer)
    body = (await scene.ask("GET", "/nonsense")).json()
    assert ("category" in body) == seen
    assert {"message", "correlationId", "status"} <= set(body)


@answers("gateway_body", "text/html; charset=UTF-8", "application/json;charset=utf-8")
async def test_the_body_of_a_502(scene: Scene, switch: str, answer: str, seen: str) -> None:
    await turned(scene, switch, answer)
    await scene.plan({"do": "status_before", "status": 502})
    assert (await scene.ask("GET")).headers["Content-Type"] == seen


@answers("surface_2026_09", [404, 201, 200, False], [200, 207, 200, True])
async def test_what_2026_09_became(scene: Scene, switch: str, answer: str, seen: list[object]) -> None:
    await turned(scene, switch, answer)
    version = "2026-09"
    types = await scene.ask("GET", "/asset-types", version=version)
    batch = await scene.create_all("A", "", version=version)
    campaign = await scene.ask("POST", "", {"properties": {"hs_name": "B"}}, version=version)
    patched = await scene.ask("PATCH", f"/{campaign.json()['id']}", {"properties": {"x": "y"}}, version=version)
    got: list[Any] = [types.status_code, batch.status_code, patched.status_code, "Location" in campaign.headers]
    assert got == seen
    assert f"/marketing/campaigns/{version}/" in campaign.headers.get("Location", f"/marketing/campaigns/{version}/")


# Switches about who asks are proved in test_simulator_access.py, `brands` in test_simulator_campaigns.py.
ELSEWHERE = {"tier", "private_token", "refresh_token", "oauth_life_s", "scopes", "write_needs_read", "brands"}


def test_every_switch_has_a_test(request: pytest.FixtureRequest) -> None:
    marks = [
        mark
        for item in vars(request.module).values()
        for mark in getattr(item, "pytestmark", [])
        if isinstance(mark, pytest.Mark) and mark.name == "parametrize" and mark.args[0] == ("switch", "answer", "seen")
    ]
    assert {case[0] for mark in marks for case in mark.args[1]} == set(TABLE) - ELSEWHERE
