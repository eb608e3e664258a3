from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from tests.contract.in_process import Scene, a_scene


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


@pytest.mark.seed("B1")
@pytest.mark.seed("B5")
async def test_one_request_creates_several_campaigns(scene: Scene) -> None:
    answer = await scene.create_all("A", "B", "C")
    results = answer.json()["results"]
    assert answer.status_code == 201
    assert {row["properties"]["hs_name"] for row in results} == {"A", "B", "C"}
    assert all(set(row) == {"id", "properties", "createdAt", "updatedAt", "businessUnits"} for row in results)
    assert sorted(await scene.names()) == ["A", "B", "C"]


@pytest.mark.seed("B2")
@pytest.mark.parametrize("batch", ["create", "read", "update", "archive"])
async def test_inputs_are_required(scene: Scene, batch: str) -> None:
    assert (await scene.ask("POST", f"/batch/{batch}", {})).status_code == 400


@pytest.mark.seed("B3")
async def test_the_answer_has_times_status_and_results_and_no_more_unless_told(scene: Scene) -> None:
    body = (await scene.create_all("A")).json()
    assert set(body) == {"completedAt", "startedAt", "status", "results"}
    assert body["startedAt"] < body["completedAt"]
    await scene.turn(batch_extras="present")
    assert {"requestedAt", "links"} <= set((await scene.create_all("B")).json())


async def test_results_come_in_another_order_than_the_inputs(scene: Scene) -> None:
    """Their order is "not guaranteed": a client that matches by position must fail here."""
    sent = [f"{number:02}" for number in range(20)]
    body = (await scene.create_all(*sent)).json()
    got = [row["properties"]["hs_name"] for row in body["results"]]
    assert got != sent
    assert sorted(got) == sent


async def test_fifty_items_are_taken_and_fifty_one_refused_as_a_whole(scene: Scene) -> None:
    assert (await scene.create_all(*map(str, range(50)))).status_code == 201
    assert (await scene.create_all(*map(str, range(51)))).status_code == 400
    assert len(await scene.names()) == 50


@pytest.mark.seed("B6")
async def test_a_failed_item_is_a_207_in_the_recorded_shape(scene: Scene) -> None:
    """No index and no id, a string for subCategory, neither errors nor links: the specification says otherwise."""
    campaign = await scene.create("A")
    body = {"inputs": [{"id": campaign}, {"id": "nonsense"}]}
    answer = await scene.ask("POST", "/batch/read", body)
    message = "Invalid campaign GUID format: nonsense"
    assert answer.status_code == 207
    assert answer.json()["status"] == "COMPLETE"
    assert [row["id"] for row in answer.json()["results"]] == [campaign]
    assert answer.json()["numErrors"] == 1
    assert answer.json()["errors"] == [
        {
            "status": "error",
            "category": "VALIDATION_ERROR",
            "subCategory": "CampaignApiError.INVALID_REQUEST",
            "message": f"Invalid request: '{message}'",
            "context": {"message": [message]},
        }
    ]


@pytest.mark.parametrize(("version", "status"), [("2026-03", 207), ("v3", 207), ("2025-09", 201), ("2026-09", 201)])
async def test_a_failed_create_is_a_207_or_stands_beside_the_results_by_version(
    scene: Scene, version: str, status: int
) -> None:
    answer = await scene.create_all("A", "", "B", version=version)
    assert answer.status_code == status
    assert (len(answer.json()["results"]), answer.json()["numErrors"]) == (2, 1)
    assert sorted(await scene.names()) == ["A", "B"]


async def test_when_every_item_fails_there_are_errors_and_no_results(scene: Scene) -> None:
    answer = await scene.create_all("", "")
    assert (answer.status_code, answer.json()["results"], answer.json()["numErrors"]) == (207, [], 2)


@pytest.mark.seed("B4")
@pytest.mark.parametrize(
    ("status", "shown", "made"), [("COMPLETE", 4, 4), ("PENDING", 0, 4), ("PROCESSING", 2, 4), ("CANCELED", 2, 2)]
)
async def test_a_batch_that_is_not_complete_lacks_results(scene: Scene, status: str, shown: int, made: int) -> None:
    """What is missing may have been carried out or not: it is in doubt."""
    await scene.turn(batch_status=status)
    body = (await scene.create_all("A", "B", "C", "D")).json()
    assert (body["status"], len(body["results"]), "errors" in body) == (status, shown, False)
    assert len(await scene.names()) == made


@pytest.mark.seed("B7")
async def test_a_goal_in_a_batch_is_ignored(scene: Scene) -> None:
    body = {"inputs": [{"properties": {"hs_name": "A", "hs_goal": "more"}}]}
    answer = await scene.ask("POST", "/batch/create", body)
    assert answer.status_code == 201
    assert answer.json()["results"][0]["properties"] == {"hs_name": "A"}


async def test_batch_read_collapses_ids_that_are_named_twice(scene: Scene) -> None:
    campaign = await scene.create("A")
    body = {"inputs": [{"id": campaign}, {"id": campaign}]}
    answer = await scene.ask("POST", "/batch/read?properties=hs_name", body)
    assert answer.status_code == 200
    assert [row["properties"] for row in answer.json()["results"]] == [{"hs_name": "A"}]


async def test_batch_read_brings_the_first_page_of_every_type_of_asset(scene: Scene) -> None:
    """Recorded: the nested link of a 2026-03 batch read leads to v3."""
    campaign = await scene.create("A")
    for number in range(11):
        await scene.ask("PUT", f"/{campaign}/assets/FORM/{number}")
    await scene.ask("PUT", f"/{campaign}/assets/LANDING_PAGE/7")
    assets = (await scene.ask("POST", "/batch/read", {"inputs": [{"id": campaign}]})).json()["results"][0]["assets"]
    assert [len(assets[kind]["results"]) for kind in ("FORM", "LANDING_PAGE")] == [10, 1]
    assert "/marketing/v3/campaigns/" in assets["FORM"]["paging"]["next"]["link"]
    assert "paging" not in assets["LANDING_PAGE"]


async def test_batch_update_overwrites_and_clears(scene: Scene) -> None:
    made = [await scene.create(name, hs_notes="old") for name in ("A", "B")]
    inputs = [{"id": made[0], "properties": {"hs_notes": ""}}, {"id": made[1], "properties": {"hs_utm": "u"}}]
    assert (await scene.ask("POST", "/batch/update", {"inputs": inputs})).status_code == 200
    listed = (await scene.ask("GET", "?properties=hs_notes,hs_utm")).json()["results"]
    assert [row["properties"] for row in listed] == [{}, {"hs_notes": "old", "hs_utm": "u"}]


async def test_batch_update_of_an_unknown_campaign_fails_that_item_alone(scene: Scene) -> None:
    campaign = await scene.create("A")
    inputs = [{"id": name, "properties": {"hs_notes": "n"}} for name in (campaign, str(UUID(int=1)))]
    answer = await scene.ask("POST", "/batch/update", {"inputs": inputs})
    assert (answer.status_code, len(answer.json()["results"]), answer.json()["numErrors"]) == (207, 1, 1)


async def test_batch_archive_always_answers_204_and_so_confirms_nothing(scene: Scene) -> None:
    campaign = await scene.create("A")
    body = {"inputs": [{"id": campaign}, {"id": str(UUID(int=1))}, {"id": "nonsense"}]}
    answers = [await scene.ask("POST", "/batch/archive", body) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert await scene.names() == []


async def test_a_batch_counts_as_one_request(scene: Scene) -> None:
    answer = await scene.create_all(*map(str, range(50)))
    assert answer.headers["X-HubSpot-RateLimit-Remaining"] == "189"
