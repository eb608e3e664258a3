from collections.abc import AsyncIterator

import pytest

from simulator.versions import VERSIONS
from tests.contract.in_process import Scene, a_scene

WITH_LOCATION = {"v3", "2026-03", "2026-09-beta"}
WITH_207 = {"v3", "2026-03", "2026-09-beta"}
REFUSING = {"v3", "2026-03"}
ALL = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


def test_v3_and_the_dated_versions_put_their_words_in_another_order() -> None:
    assert [version.prefix for version in VERSIONS.values()] == [
        "/marketing/v3/campaigns",
        "/marketing/campaigns/2025-09",
        "/marketing/campaigns/2026-03",
        "/marketing/campaigns/2026-09",
        "/marketing/campaigns/2026-09-beta",
    ]


@ALL
async def test_a_201_has_a_location_in_three_versions(scene: Scene, version: str) -> None:
    answer = await scene.ask("POST", "", {"properties": {"hs_name": "A"}}, version=version)
    campaign = answer.json()["id"]
    place = f"http://hubspot.test{VERSIONS[version].prefix}/{campaign}"
    assert answer.headers.get("Location") == (place if version in WITH_LOCATION else None)
    item = await scene.ask("POST", f"/{campaign}/budget", {"name": "a", "amount": 1, "order": 0}, version=version)
    assert ("Location" in item.headers) == (version in WITH_LOCATION)


@ALL
@pytest.mark.parametrize(("batch", "success"), [("create", 201), ("read", 200), ("update", 200)])
async def test_a_partial_failure_is_a_207_or_errors_in_a_success_by_version(
    scene: Scene, version: str, batch: str, success: int
) -> None:
    campaign = await scene.create("A")
    good = {"id": campaign, "properties": {"hs_name": "B"}}
    bad: dict[str, object] = {"id": "nonsense", "properties": {}}
    answer = await scene.ask("POST", f"/batch/{batch}", {"inputs": [good, bad]}, version=version)
    assert answer.status_code == (207 if version in WITH_207 else success)
    assert (len(answer.json()["results"]), answer.json()["numErrors"]) == (1, 1)


@ALL
async def test_an_unknown_property_in_an_update_is_refused_or_ignored_by_version(scene: Scene, version: str) -> None:
    campaign = await scene.create("A")
    answer = await scene.ask("PATCH", f"/{campaign}", {"properties": {"hs_owner": "1"}}, version=version)
    assert answer.status_code == (400 if version in REFUSING else 200)


@ALL
async def test_links_stay_in_their_version_but_those_of_a_batch_read(scene: Scene, version: str) -> None:
    await scene.create_all("A", "B")
    page = (await scene.ask("GET", "?limit=1", version=version)).json()
    assert VERSIONS[version].prefix + "?" in page["paging"]["next"]["link"]
