"""Answers of the simulator, judged by HubSpot's own OpenAPI files (in the folder that HUBSPOT_OPENAPI names)."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from simulator.versions import VERSIONS
from tests.contract.in_process import Scene, a_scene
from tests.contract.openapi import FOLDER, OpenApi

pytestmark = pytest.mark.skipif(FOLDER is None, reason="HUBSPOT_OPENAPI names no folder with HubSpot's OpenAPI files")

DATES = "startDate=2026-05-01&endDate=2026-05-31"
PROPERTIES = "properties=hs_name,hs_notes,hs_budget_items_sum_amount,hs_object_id"
ITEM = {"name": "TV", "amount": 2.5, "order": 0, "description": "spots"}


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


def clone_of(campaign: str) -> dict[str, object]:
    flags = ("DraftNodes", "Edges", "StickyNotes", "Tasks", "TrackingUrls")
    return {
        "sourceCampaignGuid": campaign,
        "name": "clone",
        "assetsToClone": {"FORM": ["1"]},
        **{f"shouldClone{flag}": True for flag in flags},
    }


async def bodies(scene: Scene, version: str) -> dict[str, tuple[str, object]]:
    """Prepare a campaign with everything; for each operation say which path and body to send."""
    campaign = await scene.create("A", hs_notes="n")
    for asset in range(12):
        await scene.ask("PUT", f"/{campaign}/assets/FORM/{asset}")
    budget = (await scene.ask("POST", f"/{campaign}/budget", ITEM)).json()["id"]
    spend = (await scene.ask("POST", f"/{campaign}/spend", ITEM)).json()["id"]
    gone = await scene.create("gone")
    copied = ""
    if VERSIONS[version].clone:
        copied = (await scene.ask("POST", "/clone", clone_of(campaign), version=version)).json()["campaignGuid"]
    one, ids = {"properties": {"hs_name": "B", "hs_notes": "n"}}, {"inputs": [{"id": campaign}]}
    return {
        "GET ": (f"?{PROPERTIES}&limit=1&sort=-createdAt", None),
        "POST ": ("", one),
        "POST /batch/create": ("/batch/create", {"inputs": [one]}),
        "POST /batch/read": (f"/batch/read?{PROPERTIES}&{DATES}", ids),
        "POST /batch/update": ("/batch/update", {"inputs": [{"id": campaign, **one}]}),
        "POST /batch/archive": ("/batch/archive", {"inputs": [{"id": gone}]}),
        "GET /{campaignGuid}": (f"/{campaign}?{PROPERTIES}&{DATES}", None),
        "PATCH /{campaignGuid}": (f"/{campaign}", one),
        "DELETE /{campaignGuid}": (f"/{gone}", None),
        "GET /{campaignGuid}/assets/{assetType}": (f"/{campaign}/assets/FORM?limit=2&{DATES}", None),
        "PUT /{campaignGuid}/assets/{assetType}/{assetId}": (f"/{campaign}/assets/CTA/1", None),
        "DELETE /{campaignGuid}/assets/{assetType}/{assetId}": (f"/{campaign}/assets/CTA/1", None),
        "POST /{campaignGuid}/budget": (f"/{campaign}/budget", ITEM),
        "GET /{campaignGuid}/budget/totals": (f"/{campaign}/budget/totals", None),
        "GET /{campaignGuid}/budget/{budgetId}": (f"/{campaign}/budget/{budget}", None),
        "PUT /{campaignGuid}/budget/{budgetId}": (f"/{campaign}/budget/{budget}", ITEM),
        "DELETE /{campaignGuid}/budget/{budgetId}": (f"/{campaign}/budget/{budget}", None),
        "POST /{campaignGuid}/spend": (f"/{campaign}/spend", ITEM),
        "GET /{campaignGuid}/spend/{spendId}": (f"/{campaign}/spend/{spend}", None),
        "PUT /{campaignGuid}/spend/{spendId}": (f"/{campaign}/spend/{spend}", ITEM),
        "DELETE /{campaignGuid}/spend/{spendId}": (f"/{campaign}/spend/{spend}", None),
        "GET /{campaignGuid}/reports/metrics": (f"/{campaign}/reports/metrics?{DATES}", None),
        "GET /{campaignGuid}/reports/revenue": (f"/{campaign}/reports/revenue?{DATES}", None),
        "GET /{campaignGuid}/reports/contacts/{contactType}": (
            f"/{campaign}/reports/contacts/contactFirstTouch?limit=1",
            None,
        ),
        "GET /asset-types": ("/asset-types", None),
        "GET /clone/asset-types": ("/clone/asset-types", None),
        "POST /clone": ("/clone", {**clone_of(campaign), "name": "another"}),
        "GET /clone/{campaignGuid}/status": (f"/clone/{copied}/status", None),
    }


def judged(specification: OpenApi, method: str, path: str, answer: httpx.Response) -> list[str]:
    schema = specification.answer_schema(method, path, answer.status_code)
    if schema is None:
        return [] if not answer.content else [f"{method} {path}: a body where none is specified"]
    return [f"{method} {path} {complaint}" for complaint in specification.complaints(answer.json(), schema)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_operation_of_every_version_answers_as_specified(scene: Scene, version: str) -> None:
    specification = OpenApi(version)
    sent = await bodies(scene, version)
    complaints, count = [], 0
    for method, path, _ in specification.operations():
        rest, body = sent[f"{method} {path.removeprefix(VERSIONS[version].prefix)}"]
        answer = await scene.ask(method, rest, body, version=version)
        assert answer.is_success, (method, path, answer.text)
        complaints += judged(specification, method, path, answer)
        count += 1
    assert complaints == []
    assert count == (28 if version == "2026-09-beta" else 24)


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_operation_asks_for_the_scope_that_is_specified(scene: Scene, version: str) -> None:
    sent = await bodies(scene, version)
    await scene.turn(scopes="none")
    for method, path, operation in OpenApi(version).operations():
        rest, body = sent[f"{method} {path.removeprefix(VERSIONS[version].prefix)}"]
        refused = (await scene.ask(method, rest, body, version=version)).json()
        wanted = {scope for scheme in operation["security"] for scopes in scheme.values() for scope in scopes}
        assert set(refused["errors"][0]["context"]["requiredGranularScopes"]) == wanted


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09-beta"])
@pytest.mark.parametrize("batch", ["create", "read", "update"])
async def test_a_207_differs_from_the_specification_in_what_is_recorded_and_nothing_else(
    scene: Scene, version: str, batch: str
) -> None:
    """The recorded error has a string for subCategory, and neither errors nor links."""
    body = {"inputs": [{"id": "nonsense", "properties": {}}]}
    recorded = await scene.ask("POST", f"/batch/{batch}", body, version=version)
    await scene.turn(batch_error="as specified", batch_extras="present")
    specified = await scene.ask("POST", f"/batch/{batch}", body, version=version)
    path = f"{VERSIONS[version].prefix}/batch/{batch}"
    found = [re.sub(r".*\$", "$", complaint) for complaint in judged(OpenApi(version), "POST", path, recorded)]
    assert [complaint.split(":")[0] for complaint in sorted(found)] == [
        "$.errors[0].subCategory",
        "$.errors[0]",
        "$.errors[0]",
    ]
    assert judged(OpenApi(version), "POST", path, specified) == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_errors_have_what_the_specification_requires_and_status_besides(scene: Scene, version: str) -> None:
    """The wire adds `status`, which the specification does not know."""
    specification = OpenApi(version)
    prefix = VERSIONS[version].prefix
    await scene.turn(scopes="write")
    for method, rest, path in [
        ("GET", "/nonsense", "/{campaignGuid}"),
        ("PATCH", "/nonsense", "/{campaignGuid}"),
        ("POST", "", ""),
    ]:
        body = None if method == "GET" else {"properties": {"hs_name": "x" * 300}}
        answer = await scene.ask(method, rest, body, version=version)
        assert answer.status_code in {400, 403}
        found = [complaint.split("$")[1] for complaint in judged(specification, method, prefix + path, answer)]
        assert found == [": status is not specified"]
