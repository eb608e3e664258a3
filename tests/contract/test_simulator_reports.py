from collections.abc import AsyncIterator

import pytest

from tests.contract.in_process import Scene, a_scene

BETA = "2026-09-beta"
MAY = "startDate=2026-05-01&endDate=2026-05-31"


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


async def test_metrics_are_four_counts(scene: Scene) -> None:
    campaign = await scene.create("A")
    body = (await scene.ask("GET", f"/{campaign}/reports/metrics?{MAY}")).json()
    assert set(body) == {"sessions", "newContactsFirstTouch", "newContactsLastTouch", "influencedContacts"}


async def test_revenue_names_its_currency_and_depends_on_the_model(scene: Scene) -> None:
    campaign = await scene.create("A", hs_currency_code="EUR")
    linear, default, first = [
        (await scene.ask("GET", f"/{campaign}/reports/revenue?{MAY}{model}")).json()
        for model in ("&attributionModel=LINEAR", "", "&attributionModel=FIRST_INTERACTION")
    ]
    assert linear == default != first
    assert linear["currencyCode"] == "EUR"


async def test_an_unknown_attribution_model_is_refused(scene: Scene) -> None:
    campaign = await scene.create("A")
    assert (await scene.ask("GET", f"/{campaign}/reports/revenue?{MAY}&attributionModel=BEST")).status_code == 400


@pytest.mark.parametrize("kind", ["contactFirstTouch", "contactLastTouch", "influencedContacts"])
async def test_contacts_are_walked_by_pages(scene: Scene, kind: str) -> None:
    campaign = await scene.create("A")
    ids: list[str] = []
    after: str | None = ""
    while after is not None:
        body = (await scene.ask("GET", f"/{campaign}/reports/contacts/{kind}?limit=7&after={after}")).json()
        ids += [row["id"] for row in body["results"]]
        after = body.get("paging", {}).get("next", {}).get("after")
        assert "total" not in body
    assert len(set(ids)) == len(ids) > 0


async def test_an_unknown_type_of_contact_is_refused(scene: Scene) -> None:
    campaign = await scene.create("A")
    assert (await scene.ask("GET", f"/{campaign}/reports/contacts/everybody")).status_code == 400


CLONE = {
    "assetsToClone": {"FORM": ["17"]},
    "shouldCloneDraftNodes": True,
    "shouldCloneEdges": True,
    "shouldCloneStickyNotes": True,
    "shouldCloneTasks": True,
    "shouldCloneTrackingUrls": True,
}


async def test_a_clone_gets_its_assets_after_a_while(scene: Scene) -> None:
    source = await scene.create("A", hs_notes="n", hs_audience="all")
    for asset in (17, 18):
        await scene.ask("PUT", f"/{source}/assets/FORM/{asset}")
    body = {**CLONE, "sourceCampaignGuid": source, "name": "B", "notes": "own"}
    answer = await scene.ask("POST", "/clone", body, version=BETA)
    clone = answer.json()["campaignGuid"]
    assert (answer.status_code, answer.json()["status"]) == (201, "PENDING")
    assert (await scene.ask("GET", f"/{clone}/assets/FORM")).json()["results"] == []
    scene.now += 1
    assert (await scene.ask("GET", f"/clone/{clone}/status", version=BETA)).json()["status"] == "COMPLETE"
    read = (await scene.ask("GET", f"/{clone}?properties=hs_name,hs_notes,hs_audience")).json()
    assert read["properties"] == {"hs_name": "B", "hs_notes": "own", "hs_audience": "all"}
    assert [row["id"] for row in read["assets"]["FORM"]["results"]] == ["17"]


async def test_asking_how_a_clone_stands_needs_the_write_scope(scene: Scene) -> None:
    """A GET that needs write: by the specification of the beta."""
    source = await scene.create("A")
    await scene.turn(scopes="read")
    assert (await scene.ask("GET", f"/clone/{source}/status", version=BETA)).status_code == 403


async def test_what_is_no_clone_has_no_status(scene: Scene) -> None:
    source = await scene.create("A")
    assert (await scene.ask("GET", f"/clone/{source}/status", version=BETA)).status_code == 404


async def test_the_beta_lists_its_asset_types(scene: Scene) -> None:
    for rest in ("/asset-types", "/clone/asset-types"):
        assert len((await scene.ask("GET", rest, version=BETA)).json()["results"]) == 26


@pytest.mark.parametrize("version", ["v3", "2025-09", "2026-03", "2026-09"])
async def test_other_versions_neither_clone_nor_list_asset_types(scene: Scene, version: str) -> None:
    source = await scene.create("A")
    body = {**CLONE, "sourceCampaignGuid": source, "name": "B"}
    assert not (await scene.ask("POST", "/clone", body, version=version)).is_success
    assert not (await scene.ask("GET", "/asset-types", version=version)).is_success
    assert await scene.names() == ["A"]
