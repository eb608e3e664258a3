"""HubSpot's own SDK drives the simulator over TCP: each of its 24 methods, and its typed answers hold.

The SDK is asked to be strict, so an answer that is not of the method's type is an error. Its types leave room for more
members than they name; here there must be none, save those that the SDK itself forgot.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import httpx
import pytest
from hubspot_sdk import HubSpot
from hubspot_sdk.resources.marketing.campaigns import CampaignsResource

from simulator.app import OPERATIONS
from simulator.fixture import Running, running
from tests.contract.sharpened import Known
from tests.contract.typed import FORGOTTEN, untyped

DATES: Final[dict[str, Any]] = {"start_date": "2026-05-01", "end_date": "2026-05-31"}
ITEM: Final[dict[str, Any]] = {"name": "TV", "amount": 2.5, "order": 0}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Running]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def answers() -> list[httpx.Response]:
    """What came back, oldest first."""
    return []


@pytest.fixture
def campaigns(simulator: Running, answers: list[httpx.Response]) -> Iterator[CampaignsResource]:
    simulator.reset()
    http = httpx.Client(event_hooks={"response": [answers.append]})
    with HubSpot(
        access_token="pat-test", base_url=simulator.url, http_client=http, _strict_response_validation=True
    ) as sdk:
        yield sdk.marketing.campaigns


@pytest.fixture
def at(campaigns: CampaignsResource, answers: list[httpx.Response]) -> Known:
    """One campaign with an asset and items stands in the portal."""
    campaign = campaigns.create(properties={"hs_name": "Launch", "hs_notes": "n"}).id
    campaigns.assets.update("7", campaign_guid=campaign, asset_type="BLOG_POST")
    budget = campaigns.budget.create(campaign, **ITEM).id
    spend = campaigns.spend.create(campaign, **ITEM).id
    answers.clear()
    return Known(campaign, "", int(budget), int(spend))


class Trial(NamedTuple):
    """One method: the operation that it is, the status of success, a call, and what its answer must say."""

    operation: str
    status: int
    call: Callable[[CampaignsResource, Known], Any]
    says: Callable[[Any], bool]


def names(rows: list[Any]) -> set[str]:
    return {row.properties["hs_name"] for row in rows}


TWO: Final[list[Any]] = [{"properties": {"hs_name": "B"}}, {"properties": {"hs_name": "C"}}]
PER_POST: Final = {"CONTACTS_FIRST_TOUCH", "CONTACTS_LAST_TOUCH", "SUBMISSIONS", "VIEWS"}

TRIALS: Final[dict[str, Trial]] = {
    "create": Trial(
        "POST /",
        201,
        lambda sdk, _: sdk.create(properties={"hs_name": "B", "hs_goal": "ignored"}),
        lambda made: made.properties == {"hs_name": "B"} and made.created_at < made.updated_at,
    ),
    "get": Trial(
        "GET /{campaign}",
        200,
        lambda sdk, at: sdk.get(at.campaign, properties=["hs_name", "hs_audience"], **DATES),
        lambda read: (
            read.properties == {"hs_name": "Launch"} and set(read.assets["BLOG_POST"].results[0].metrics) == PER_POST
        ),
    ),
    "list": Trial(
        "GET /",
        200,
        lambda sdk, _: sdk.list(limit=100, name="aunc", properties=["hs_name"], sort="-createdAt"),
        lambda page: names(page.results) == {"Launch"} and page.paging is None,
    ),
    "update": Trial(
        "PATCH /{campaign}",
        200,
        lambda sdk, at: sdk.update(at.campaign, properties={"hs_name": "Later", "hs_notes": ""}),
        lambda changed: changed.properties == {"hs_name": "Later"},
    ),
    "delete": Trial("DELETE /{campaign}", 204, lambda sdk, at: sdk.delete(at.campaign), lambda told: told is None),
    "batch.create": Trial(
        "POST /batch/create",
        201,
        lambda sdk, _: sdk.batch.create(inputs=TWO),
        lambda batch: names(batch.results) == {"B", "C"} and batch.status == "COMPLETE",
    ),
    "batch.get": Trial(
        "POST /batch/read",
        200,
        lambda sdk, at: sdk.batch.get(inputs=[{"id": at.campaign}] * 2, properties=["hs_name"], **DATES),
        lambda batch: names(batch.results) == {"Launch"} and len(batch.results[0].assets["BLOG_POST"].results) == 1,
    ),
    "batch.update": Trial(
        "POST /batch/update",
        200,
        lambda sdk, at: sdk.batch.update(inputs=[{"id": at.campaign, "properties": {"hs_name": "Later"}}]),
        lambda batch: names(batch.results) == {"Later"},
    ),
    "batch.delete": Trial(
        "POST /batch/archive",
        204,
        lambda sdk, at: sdk.batch.delete(inputs=[{"id": at.campaign}]),
        lambda told: told is None,
    ),
    "assets.list": Trial(
        "GET /{campaign}/assets/{asset_type}",
        200,
        lambda sdk, at: sdk.assets.list("BLOG_POST", campaign_guid=at.campaign, limit="1", **DATES),
        lambda page: [asset.id for asset in page.results] == ["7"] and set(page.results[0].metrics) == PER_POST,
    ),
    "assets.update": Trial(
        "PUT /{campaign}/assets/{asset_type}/{asset_id}",
        204,
        lambda sdk, at: sdk.assets.update("8", campaign_guid=at.campaign, asset_type="FORM"),
        lambda told: told is None,
    ),
    "assets.delete": Trial(
        "DELETE /{campaign}/assets/{asset_type}/{asset_id}",
        204,
        lambda sdk, at: sdk.assets.delete("7", campaign_guid=at.campaign, asset_type="BLOG_POST"),
        lambda told: told is None,
    ),
    "budget.create": Trial(
        "POST /{campaign}/budget",
        201,
        lambda sdk, at: sdk.budget.create(at.campaign, **ITEM, description="spots"),
        lambda item: (item.amount, item.description) == (2.5, "spots") and item.id.isdigit(),
    ),
    "budget.get": Trial(
        "GET /{campaign}/budget/{item}",
        200,
        lambda sdk, at: sdk.budget.get(at.budget, campaign_guid=at.campaign),
        lambda item: (item.name, item.description) == ("TV", None) and item.created_at <= item.updated_at,
    ),
    "budget.update": Trial(
        "PUT /{campaign}/budget/{item}",
        200,
        lambda sdk, at: sdk.budget.update(at.budget, campaign_guid=at.campaign, name="Radio", amount=3, order=1),
        lambda item: (item.name, item.amount, item.order) == ("Radio", 3, 1),
    ),
    "budget.delete": Trial(
        "DELETE /{campaign}/budget/{item}",
        204,
        lambda sdk, at: sdk.budget.delete(at.budget, campaign_guid=at.campaign),
        lambda told: told is None,
    ),
    "budget.get_totals": Trial(
        "GET /{campaign}/budget/totals",
        200,
        lambda sdk, at: sdk.budget.get_totals(at.campaign),
        lambda told: (
            (told.budget_total, told.spend_total, told.remaining_budget, told.currency_code) == (2.5, 2.5, 0, "USD")
        ),
    ),
    "spend.create": Trial(
        "POST /{campaign}/spend",
        201,
        lambda sdk, at: sdk.spend.create(at.campaign, **ITEM),
        lambda item: (item.name, item.amount, item.order) == ("TV", 2.5, 0),
    ),
    "spend.get": Trial(
        "GET /{campaign}/spend/{item}",
        200,
        lambda sdk, at: sdk.spend.get(at.spend, campaign_guid=at.campaign),
        lambda item: item.name == "TV",
    ),
    "spend.update": Trial(
        "PUT /{campaign}/spend/{item}",
        200,
        lambda sdk, at: sdk.spend.update(at.spend, campaign_guid=at.campaign, name="Radio", amount=3, order=1),
        lambda item: item.name == "Radio",
    ),
    "spend.delete": Trial(
        "DELETE /{campaign}/spend/{item}",
        204,
        lambda sdk, at: sdk.spend.delete(at.spend, campaign_guid=at.campaign),
        lambda told: told is None,
    ),
    "metrics.get_attribution_metrics": Trial(
        "GET /{campaign}/reports/metrics",
        200,
        lambda sdk, at: sdk.metrics.get_attribution_metrics(at.campaign, **DATES),
        lambda told: told.sessions >= 0 and told.influenced_contacts >= 0,
    ),
    "metrics.get_revenue_attribution": Trial(
        "GET /{campaign}/reports/revenue",
        200,
        lambda sdk, at: sdk.metrics.get_revenue_attribution(at.campaign, attribution_model="U_SHAPED", **DATES),
        lambda told: told.currency_code == "USD" and told.revenue_amount >= 0,
    ),
    "metrics.list_contact_ids_by_type": Trial(
        "GET /{campaign}/reports/contacts/{contact_type}",
        200,
        lambda sdk, at: sdk.metrics.list_contact_ids_by_type(
            "influencedContacts", campaign_guid=at.campaign, limit=1, **DATES
        ),
        lambda page: all(contact.id.isdigit() for contact in page.results),
    ),
}


ROWS: Final = {
    "batch.create": ("B1", "B3", "B5"),
    "create": ("G7", "G42"),
    "get": ("G8", "G9", "G12"),
    "list": ("G38", "G41"),
    "update": ("G35",),
    "delete": ("G37",),
    "assets.list": ("G13", "G16", "G18"),
    "assets.update": ("G31",),
    "assets.delete": ("G32",),
}
"""What the SDK's own calls show of the founding pages."""


def marked(method: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.seed(row) for row in ROWS.get(method, ())]


@pytest.mark.parametrize("method", [pytest.param(method, marks=marked(method)) for method in TRIALS])
def test_the_answer_of_each_method_is_of_its_type(
    simulator: Running, campaigns: CampaignsResource, answers: list[httpx.Response], at: Known, method: str
) -> None:
    trial = TRIALS[method]
    before = simulator.stats()["by_operation"].get(trial.operation, 0)
    told = trial.call(campaigns, at)
    assert trial.says(told), told
    assert untyped(told, answers[-1]) <= FORGOTTEN
    assert [answer.status_code for answer in answers] == [trial.status]
    assert simulator.stats()["by_operation"][trial.operation] == before + 1


def test_every_method_that_the_sdk_has_is_tried_and_is_every_operation(campaigns: CampaignsResource) -> None:
    parts = {"": campaigns} | {
        f"{name}.": getattr(campaigns, name) for name in ("assets", "batch", "budget", "metrics", "spend")
    }
    methods = {
        prefix + name
        for prefix, part in parts.items()
        for name, member in vars(type(part)).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }
    assert set(TRIALS) == methods
    assert {trial.operation for trial in TRIALS.values()} == {operation.name for operation in OPERATIONS}


def test_what_was_changed_is_what_the_simulator_holds(
    simulator: Running, campaigns: CampaignsResource, at: Known
) -> None:
    campaigns.update(at.campaign, properties={"hs_notes": ""})
    campaigns.assets.delete("7", campaign_guid=at.campaign, asset_type="BLOG_POST")
    campaigns.assets.update("8", campaign_guid=at.campaign, asset_type="FORM")
    campaigns.budget.delete(at.budget, campaign_guid=at.campaign)
    gone = campaigns.batch.create(inputs=TWO[:1]).results[0].id
    campaigns.batch.delete(inputs=[{"id": gone}])
    first, second = simulator.campaigns()
    assert "hs_notes" not in first["properties"]
    assert first["assets"] == {"FORM": ["8"]}
    assert (first["budget"], len(first["spend"])) == ([], 1)
    assert (second["id"], second["archived"]) == (gone, True)
