"""Requests that nobody sends on purpose: each is refused in HubSpot's shape, and none is a 500."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from simulator.versions import VERSIONS
from tests.contract.in_process import LATEST, Scene, a_scene

MANY_DIGITS = "9" * 5_000
"""More than Python turns into a number."""

DEEP = b'{"x":' + b"[" * 3_000 + b"]" * 3_000 + b',"properties":{}}'
NOT_TEXT = b'{"properties":{"hs_name":"\xff"}}'
ITEM = {"name": "TV", "amount": 1.0, "order": 0}


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and category of an error; its correlation id must be there."""
    body = answer.json()
    assert UUID(body["correlationId"])
    return answer.status_code, body["category"]


async def test_a_number_with_thousands_of_digits_is_refused(scene: Scene) -> None:
    campaign = await scene.create("A")
    assert told(await scene.ask("GET", f"?limit={MANY_DIGITS}")) == (400, "VALIDATION_ERROR")
    assert told(await scene.ask("PUT", f"/{campaign}/assets/FORM/{MANY_DIGITS}")) == (404, "OBJECT_NOT_FOUND")


@pytest.mark.parametrize("body", [DEEP, NOT_TEXT], ids=["deep", "no text"])
@pytest.mark.parametrize("rest", ["", "/batch/create"])
async def test_a_body_that_no_parser_takes_is_refused(scene: Scene, rest: str, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {scene.token}"}
    answer = await scene.http.post(VERSIONS[LATEST].prefix + rest, content=body, headers=headers)
    assert told(answer) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("changed", [{"order": 2**31}, {"order": -(2**31) - 1}, {"amount": 1e301}, {"amount": -1e301}])
@pytest.mark.parametrize("kind", ["budget", "spend"])
async def test_an_item_holds_only_numbers_that_its_answer_can_hold(
    scene: Scene, kind: str, changed: dict[str, float]
) -> None:
    """`order` is an int32; of two amounts near the end of what a float holds the sum would be no number."""
    campaign = await scene.create("A")
    assert told(await scene.ask("POST", f"/{campaign}/{kind}", ITEM | changed)) == (400, "VALIDATION_ERROR")
    made = (await scene.ask("POST", f"/{campaign}/{kind}", ITEM)).json()["id"]
    assert (await scene.ask("PUT", f"/{campaign}/{kind}/{made}", ITEM | changed)).status_code == 400


async def test_a_currency_must_be_one_of_those_that_totals_can_name(scene: Scene) -> None:
    """The specification lists them: 176 codes of ISO 4217."""
    refused = await scene.ask("POST", "", {"properties": {"hs_name": "A", "hs_currency_code": "AAA"}})
    assert told(refused) == (400, "VALIDATION_ERROR")
    await scene.create("B", hs_currency_code="ZWL")


@pytest.mark.parametrize("path", ["/marketing/campaigns/2026-03/a/b/c/d", "/marketing/campaigns/2026-03/a%2Fb", "/crm"])
async def test_a_path_that_does_not_exist_is_told_as_hubspot_tells_errors(scene: Scene, path: str) -> None:
    assert told(await scene.http.get(path)) == (404, "OBJECT_NOT_FOUND")


async def test_a_method_that_does_not_exist_is_told_as_hubspot_tells_errors(scene: Scene) -> None:
    assert told(await scene.ask("PUT", "")) == (405, "VALIDATION_ERROR")
