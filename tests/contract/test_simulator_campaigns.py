import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from simulator.versions import VERSIONS
from tests.contract.in_process import Scene, a_scene

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ALL = "hs_name,hs_start_date,hs_end_date,hs_notes,hs_audience,hs_currency_code,hs_campaign_status,hs_utm"


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


@pytest.mark.seed("G7")
@pytest.mark.seed("G1")
async def test_create_answers_the_guid_and_the_created_properties(scene: Scene) -> None:
    answer = await scene.ask("POST", "", {"properties": {"hs_name": "Launch", "hs_notes": "n"}})
    body = answer.json()
    assert answer.status_code == 201
    assert str(UUID(body["id"])) == body["id"]
    assert body["properties"] == {"hs_name": "Launch", "hs_notes": "n"}
    assert ISO.fullmatch(body["createdAt"])


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_campaign_made_under_one_prefix_stands_under_every_other(scene: Scene, version: str) -> None:
    campaign = await scene.create("Launch")
    assert (await scene.ask("GET", f"/{campaign}", version=version)).status_code == 200


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_trailing_slash_is_accepted(scene: Scene, version: str) -> None:
    """v3's collection had one in the specification until 2026-03-18."""
    answer = await scene.ask("POST", "/", {"properties": {"hs_name": "Launch"}}, version=version)
    assert answer.status_code == 201
    assert (await scene.ask("GET", "/", version=version)).json()["total"] == 1


async def test_updated_at_lies_a_little_after_created_at(scene: Scene) -> None:
    """Recorded: their being equal is no sign of a campaign just created."""
    body = (await scene.ask("POST", "", {"properties": {"hs_name": "Launch"}})).json()
    assert body["createdAt"] < body["updatedAt"]


async def test_a_create_without_a_name_is_refused_without_a_category(scene: Scene) -> None:
    """As recorded in 2026-05."""
    answer = await scene.ask("POST", "", {"properties": {"hs_notes": "n"}})
    body = answer.json()
    assert answer.status_code == 400
    assert (body["status"], body["message"]) == ("error", "Campaign create request must include 'hs_name' property.")
    assert "category" not in body
    assert UUID(body["correlationId"])


@pytest.mark.parametrize("body", [None, {}, {"properties": {"hs_name": 3}}, {"properties": ["hs_name"]}, []])
async def test_a_body_of_another_shape_is_refused(scene: Scene, body: object) -> None:
    assert (await scene.ask("POST", "", body)).status_code == 400
    assert await scene.names() == []


@pytest.mark.seed("G8")
async def test_a_read_gives_the_properties_of_a_comma_separated_list(scene: Scene) -> None:
    campaign = await scene.create("Launch", hs_notes="n", hs_utm="u")
    body = (await scene.ask("GET", f"/{campaign}?properties=hs_name,hs_utm")).json()
    assert body["properties"] == {"hs_name": "Launch", "hs_utm": "u"}


async def test_the_list_of_properties_may_be_repeated_as_the_specification_has_it(scene: Scene) -> None:
    campaign = await scene.create("Launch", hs_utm="u")
    body = (await scene.ask("GET", f"/{campaign}?properties=hs_name&properties=hs_utm")).json()
    assert body["properties"] == {"hs_name": "Launch", "hs_utm": "u"}


@pytest.mark.seed("G9")
@pytest.mark.seed("G41")
async def test_a_requested_property_without_a_value_is_left_out(scene: Scene) -> None:
    campaign = await scene.create("Launch")
    one = (await scene.ask("GET", f"/{campaign}?properties=hs_name,hs_audience")).json()
    listed = (await scene.ask("GET", "?properties=hs_name,hs_audience")).json()["results"][0]
    assert one["properties"] == listed["properties"] == {"hs_name": "Launch"}


@pytest.mark.seed("G10")
@pytest.mark.seed("G41")
@pytest.mark.parametrize("query", ["", "?properties="])
async def test_no_properties_asked_for_is_an_empty_map(scene: Scene, query: str) -> None:
    campaign = await scene.create("Launch")
    assert (await scene.ask("GET", f"/{campaign}{query}")).json()["properties"] == {}
    assert (await scene.ask("GET", query)).json()["results"][0]["properties"] == {}


@pytest.mark.seed("G11")
async def test_business_units_name_the_brand_where_the_add_on_is_in_use(scene: Scene) -> None:
    """A portal without brands answers [{"id": 0}], as recorded."""
    campaign = await scene.create("Launch")
    assert (await scene.ask("GET", f"/{campaign}")).json()["businessUnits"] == [{"id": 0}]
    await scene.turn(brands="one")
    assert (await scene.ask("GET", f"/{campaign}")).json()["businessUnits"][0]["id"] > 0


async def test_a_read_of_what_is_no_guid_is_refused_as_recorded(scene: Scene) -> None:
    answer = await scene.ask("GET", "/nonsense")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Invalid request: 'Invalid campaign GUID format: nonsense'"
    assert answer.json()["subCategory"] == "CampaignApiError.INVALID_REQUEST"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_a_guid_without_a_campaign_is_not_found(scene: Scene, method: str) -> None:
    answer = await scene.ask(method, f"/{UUID(int=1)}", None if method == "GET" else {"properties": {}})
    assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


@pytest.mark.seed("G35")
async def test_an_update_overwrites_the_given_properties_only(scene: Scene) -> None:
    campaign = await scene.create("Launch", hs_notes="old", hs_utm="u")
    answer = await scene.ask("PATCH", f"/{campaign}", {"properties": {"hs_notes": "new"}})
    assert answer.status_code == 200
    read = await scene.ask("GET", f"/{campaign}?properties={ALL}")
    assert read.json()["properties"] == {"hs_name": "Launch", "hs_notes": "new", "hs_utm": "u"}


async def test_an_empty_value_clears_a_property(scene: Scene) -> None:
    campaign = await scene.create("Launch", hs_notes="old")
    await scene.ask("PATCH", f"/{campaign}", {"properties": {"hs_notes": ""}})
    assert (await scene.ask("GET", f"/{campaign}?properties=hs_notes")).json()["properties"] == {}


async def test_a_name_cannot_be_cleared(scene: Scene) -> None:
    campaign = await scene.create("Launch")
    assert (await scene.ask("PATCH", f"/{campaign}", {"properties": {"hs_name": ""}})).status_code == 400
    assert await scene.names() == ["Launch"]


async def test_an_update_moves_updated_at(scene: Scene) -> None:
    campaign = await scene.create("Launch")
    before = (await scene.ask("GET", f"/{campaign}")).json()["updatedAt"]
    scene.now += 60
    await scene.ask("PATCH", f"/{campaign}", {"properties": {"hs_notes": "n"}})
    assert (await scene.ask("GET", f"/{campaign}")).json()["updatedAt"] > before


@pytest.mark.seed("G36")
@pytest.mark.seed("G49")
@pytest.mark.parametrize(
    "name",
    [
        "hs_owner",
        "hs_color_hex",
        "hs_created_by_user_id",
        "hs_object_id",
        "hs_budget_items_sum_amount",
        "hs_spend_items_sum_amount",
        "hs_budget",
        "no_such_property",
    ],
)
async def test_an_update_of_a_read_only_or_unknown_property_is_a_400_and_changes_nothing(
    scene: Scene, name: str
) -> None:
    """`hs_budget` is an example in the specification and in no list of properties."""
    campaign = await scene.create("Launch", hs_notes="old")
    answer = await scene.ask("PATCH", f"/{campaign}", {"properties": {"hs_notes": "new", name: "1"}})
    assert answer.status_code == 400
    assert name in answer.json()["message"]
    assert (await scene.ask("GET", f"/{campaign}?properties=hs_notes")).json()["properties"] == {"hs_notes": "old"}


@pytest.mark.seed("G49")
async def test_read_only_properties_can_be_read(scene: Scene) -> None:
    campaign = await scene.create("Launch")
    names = ("hs_owner", "hs_color_hex", "hs_created_by_user_id", "hs_object_id")
    body = (await scene.ask("GET", f"/{campaign}?properties={','.join(names)}")).json()
    assert set(body["properties"]) == set(names)
    assert body["properties"]["hs_object_id"].isdigit()


@pytest.mark.seed("G37")
async def test_a_delete_always_answers_204_and_a_deleted_campaign_is_gone(scene: Scene) -> None:
    campaign = await scene.create("Launch")
    answers = [await scene.ask("DELETE", f"/{name}") for name in (campaign, campaign, str(UUID(int=1)), "nonsense")]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 4
    assert (await scene.ask("GET", f"/{campaign}")).status_code == 404
    assert (await scene.ask("GET")).json()["total"] == 0


@pytest.mark.parametrize(("method", "rest"), [("DELETE", ""), ("PUT", ""), ("PATCH", "/batch/create")])
async def test_the_paths_that_the_guide_prints_wrongly_do_not_exist(scene: Scene, method: str, rest: str) -> None:
    """The guide deletes at the collection; the specification, and HubSpot, at the campaign."""
    assert (await scene.ask(method, rest)).status_code == 405


async def test_totals_and_batches_are_never_taken_for_ids(scene: Scene) -> None:
    campaign = await scene.create("Launch")
    assert (await scene.ask("GET", f"/{campaign}/budget/totals")).json()["budgetItems"] == []
    assert (await scene.ask("POST", "/batch/read", {"inputs": []})).json()["results"] == []


@pytest.mark.seed("G44")
@pytest.mark.seed("G47")
@pytest.mark.seed("G46")
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("hs_start_date", "2026-06-01", "01.06.2026"),
        ("hs_end_date", "2028-02-29", "2026-02-29"),
        ("hs_end_date", "2026-06-01", "20260601"),
        ("hs_currency_code", "EUR", "Euro"),
        ("hs_campaign_status", "planned", "started"),
    ],
)
async def test_a_property_takes_only_values_of_its_kind(scene: Scene, name: str, good: str, bad: str) -> None:
    campaign = await scene.create("Launch", **{name: good})
    assert (await scene.ask("PATCH", f"/{campaign}", {"properties": {name: bad}})).status_code == 400
    assert (await scene.ask("GET", f"/{campaign}?properties={name}")).json()["properties"] == {name: good}


@pytest.mark.seed("G47")
@pytest.mark.parametrize("status", ["planned", "in_progress", "active", "paused", "completed"])
async def test_every_status_of_the_guide_can_be_set(scene: Scene, status: str) -> None:
    campaign = await scene.create("Launch", hs_campaign_status=status)
    read = await scene.ask("GET", f"/{campaign}?properties=hs_campaign_status")
    assert read.json()["properties"] == {"hs_campaign_status": status}


@pytest.mark.seed("G43")
@pytest.mark.seed("G48")
@pytest.mark.parametrize("name", ["hs_name", "hs_utm"])
async def test_256_characters_are_taken_and_257_refused(scene: Scene, name: str) -> None:
    campaign = await scene.create("Launch")
    answers = [await scene.ask("PATCH", f"/{campaign}", {"properties": {name: "x" * long}}) for long in (256, 257)]
    assert [answer.status_code for answer in answers] == [200, 400]


@pytest.mark.seed("G45")
async def test_notes_and_audience_are_free_text_of_any_length(scene: Scene) -> None:
    text = "Grüße, 世界! [fanfare:run.1.subject] " * 100
    campaign = await scene.create("Launch", hs_notes=text, hs_audience=text)
    read = await scene.ask("GET", f"/{campaign}?properties=hs_notes,hs_audience")
    assert read.json()["properties"] == {"hs_notes": text, "hs_audience": text}


@pytest.mark.seed("G42")
async def test_a_goal_is_ignored_and_never_returned(scene: Scene) -> None:
    answer = await scene.ask("POST", "", {"properties": {"hs_name": "Launch", "hs_goal": "more"}})
    assert answer.status_code == 201
    assert answer.json()["properties"] == {"hs_name": "Launch"}
    read = await scene.ask("GET", f"/{answer.json()['id']}?properties=hs_name,hs_goal")
    assert read.json()["properties"] == {"hs_name": "Launch"}
