from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from simulator.versions import VERSIONS
from tests.contract.in_process import LATEST, NOON, Scene, a_scene

TV = {"name": "TV", "amount": 10.25, "order": 0, "description": "spots"}
KINDS = pytest.mark.parametrize("kind", ["budget", "spend"])


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


async def totals(scene: Scene, campaign: str) -> dict[str, Any]:
    body: dict[str, Any] = (await scene.ask("GET", f"/{campaign}/budget/totals")).json()
    return body


@KINDS
async def test_an_added_item_is_answered_with_its_id_and_place(scene: Scene, kind: str) -> None:
    """The id is a string in the body and a number in the path; times are milliseconds."""
    campaign = await scene.create("A")
    answer = await scene.ask("POST", f"/{campaign}/{kind}", TV)
    body = answer.json()
    assert answer.status_code == 201
    assert body == {**TV, "id": body["id"], "createdAt": int(NOON * 1000), "updatedAt": int(NOON * 1000)}
    assert body["id"].isdigit()
    place = f"http://hubspot.test{VERSIONS[LATEST].prefix}/{campaign}/{kind}/{body['id']}"
    assert answer.headers["Location"] == place
    assert (await scene.ask("GET", f"/{campaign}/{kind}/{body['id']}")).json() == body


@KINDS
async def test_adding_an_item_twice_adds_two(scene: Scene, kind: str) -> None:
    campaign = await scene.create("A")
    for _ in range(2):
        await scene.ask("POST", f"/{campaign}/{kind}", TV)
    assert len((await totals(scene, campaign))[f"{kind}Items"]) == 2


@KINDS
@pytest.mark.parametrize("missing", ["name", "amount", "order"])
async def test_name_amount_and_order_are_required(scene: Scene, kind: str, missing: str) -> None:
    campaign = await scene.create("A")
    body = {name: value for name, value in TV.items() if name != missing}
    assert (await scene.ask("POST", f"/{campaign}/{kind}", body)).status_code == 400


@KINDS
async def test_a_put_replaces_the_whole_item(scene: Scene, kind: str) -> None:
    campaign = await scene.create("A")
    item = (await scene.ask("POST", f"/{campaign}/{kind}", TV)).json()["id"]
    scene.now += 1
    new = {"name": "Radio", "amount": 3.0, "order": 1}
    body = (await scene.ask("PUT", f"/{campaign}/{kind}/{item}", new)).json()
    assert {name: body[name] for name in new} == new
    assert "description" not in body
    assert body["updatedAt"] == body["createdAt"] + 1000


@KINDS
async def test_a_removed_item_is_gone(scene: Scene, kind: str) -> None:
    campaign = await scene.create("A")
    item = (await scene.ask("POST", f"/{campaign}/{kind}", TV)).json()["id"]
    assert (await scene.ask("DELETE", f"/{campaign}/{kind}/{item}")).status_code == 204
    for method, body in (("GET", None), ("PUT", TV), ("DELETE", None)):
        assert (await scene.ask(method, f"/{campaign}/{kind}/{item}", body)).status_code == 404


@KINDS
async def test_an_item_of_an_unknown_campaign_is_not_found(scene: Scene, kind: str) -> None:
    assert (await scene.ask("POST", f"/{UUID(int=1)}/{kind}", TV)).status_code == 404


async def test_totals_list_all_items_and_what_is_left(scene: Scene) -> None:
    campaign = await scene.create("A", hs_currency_code="EUR")
    await scene.ask("POST", f"/{campaign}/budget", {**TV, "amount": 0.3})
    await scene.ask("POST", f"/{campaign}/spend", {**TV, "amount": 0.1})
    body = await totals(scene, campaign)
    assert [body[name] for name in ("budgetTotal", "spendTotal", "remainingBudget")] == [0.3, 0.1, 0.2]
    assert body["currencyCode"] == "EUR"
    assert [len(body[name]) for name in ("budgetItems", "spendItems")] == [1, 1]


async def test_totals_list_items_in_any_order(scene: Scene) -> None:
    """The field `order` tells their sequence, not their place in the list."""
    campaign = await scene.create("A")
    for order in range(12):
        await scene.ask("POST", f"/{campaign}/budget", {**TV, "order": order})
    orders = [item["order"] for item in (await totals(scene, campaign))["budgetItems"]]
    assert orders != sorted(orders) == list(range(12))


async def test_the_sums_of_items_are_properties_and_money_is_text_there(scene: Scene) -> None:
    """Recorded: `"hs_budget_items_sum_amount": "2.0"`."""
    campaign = await scene.create("A")
    names = "hs_budget_items_sum_amount,hs_spend_items_sum_amount"
    assert (await scene.ask("GET", f"/{campaign}?properties={names}")).json()["properties"] == {}
    await scene.ask("POST", f"/{campaign}/budget", {**TV, "amount": 2})
    read = await scene.ask("GET", f"/{campaign}?properties={names}")
    assert read.json()["properties"] == {"hs_budget_items_sum_amount": "2.0"}


async def test_an_item_of_the_budget_is_no_item_of_the_spend(scene: Scene) -> None:
    campaign = await scene.create("A")
    item = (await scene.ask("POST", f"/{campaign}/budget", TV)).json()["id"]
    assert (await scene.ask("GET", f"/{campaign}/spend/{item}")).status_code == 404
