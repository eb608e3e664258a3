"""Values out of the bytes that HubSpot is known to send."""

import json
from typing import TypeVar

import pytest

from campaigns.hubspot import wire
from campaigns.hubspot.types import Asset, Campaign, Item, Metrics, Page, Revenue, Totals
from campaigns.hubspot.wire import Answer, Limits, Request, limits_of, understand

T = TypeVar("T")

RECORDED_207 = {
    "completedAt": "2026-05-20T18:45:26.401Z",
    "status": "COMPLETE",
    "startedAt": "2026-05-20T18:45:26.244Z",
    "results": [{"id": "c-1", "properties": {}, "assets": {}, "businessUnits": [{"id": 0}]}],
    "errors": [
        {
            "status": "error",
            "category": "VALIDATION_ERROR",
            "subCategory": "CampaignApiError.INVALID_REQUEST",
            "message": "Invalid request: 'Invalid campaign GUID format: c-2'",
            "context": {"message": ["Invalid campaign GUID format: c-2"]},
        }
    ],
    "numErrors": 1,
}
"""The one recorded partial failure, shortened."""


def read(request: Request[T], body: object, status: int = 200) -> T:
    return understand(request, Answer(status, {}, json.dumps(body).encode()))


FIND = wire.find()
FROM, TO = "2026-01-01", "2026-02-01"


@pytest.mark.seed("B5")
@pytest.mark.seed("G7")
@pytest.mark.seed("G11")
def test_a_campaign_is_read_with_its_moments_in_milliseconds() -> None:
    body = {
        "id": "0a6b9d2e-0000-4000-8000-000000000001",
        "properties": {"hs_name": "Launch", "hs_budget_items_sum_amount": "2.0"},
        "createdAt": "2026-05-20T18:45:26.401Z",
        "updatedAt": "2026-05-20T18:45:26.561Z",
        "businessUnits": [{"id": 0}, {"id": 7}],
    }
    assert read(wire.create({}), body, 201) == Campaign(
        "0a6b9d2e-0000-4000-8000-000000000001",
        {"hs_name": "Launch", "hs_budget_items_sum_amount": "2.0"},
        1_779_302_726_401,
        1_779_302_726_561,
        (0, 7),
    )


def test_a_campaign_needs_nothing_but_an_id() -> None:
    """Business units were absent before 2025-07; an old version or a proxy may drop anything."""
    assert read(wire.create({}), {"id": "c"}, 201) == Campaign("c")


@pytest.mark.parametrize("odd", [None, 7, "text", [1], {"a": None}, [{"id": "x"}], True])
def test_a_campaign_is_read_whatever_its_other_fields_are(odd: object) -> None:
    for name in ("properties", "createdAt", "updatedAt", "businessUnits", "somethingNew"):
        assert read(wire.create({}), {"id": "c", name: odd}, 201).id == "c"


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-05-20T18:45:26Z", 1_779_302_726_000),
        ("2026-05-20T18:45:26.401", 1_779_302_726_401),
        ("soon", None),
        (5, 5),
    ],
)
def test_a_moment_is_read_in_any_form_it_is_known_in(told: object, moment: int | None) -> None:
    assert read(wire.create({}), {"id": "c", "createdAt": told}).created_at == moment


@pytest.mark.seed("G9")
@pytest.mark.seed("G10")
def test_a_property_without_a_value_is_not_there() -> None:
    assert read(wire.read("c"), {"id": "c", "properties": {"hs_notes": None, "hs_name": "A"}}).properties == {
        "hs_name": "A"
    }
    assert read(wire.read("c"), {"id": "c", "properties": {}}).properties == {}


def test_the_first_page_of_each_type_comes_with_a_campaign() -> None:
    """The link inside a 2026-03 answer points at v3, so the cursor is used and not the link."""
    link = "https://api.hubapi.com/marketing/v3/campaigns/c/assets/FORM?after=MTI%3D"
    page = {"results": [{"id": "7", "name": "Form"}], "paging": {"next": {"after": "MTI%3D", "link": link}}}
    assert read(wire.read("c"), {"id": "c", "assets": {"FORM": page}}).assets == {
        "FORM": Page((Asset("7", "Form"),), "MTI=")
    }


@pytest.mark.seed("G14")
@pytest.mark.parametrize(("came", "after"), [("NTI1Cg%3D%3D", "NTI1Cg=="), ("Mg==", "Mg=="), ("a%2Bb%2F", "a+b/")])
def test_a_cursor_arrives_percent_encoded_and_is_decoded_once(came: str, after: str) -> None:
    """HubSpot's own SDK encodes it a second time: `after=Mg%253D%253D`."""
    page = read(FIND, {"results": [], "total": 0, "paging": {"next": {"after": came}}})
    assert page.after == after
    assert wire.find(after=page.after).target.count("%25") == 0


@pytest.mark.parametrize(
    "paging", [None, {}, {"next": None}, {"next": {}}, {"next": {"after": ""}}, {"prev": {"before": "x"}}]
)
def test_the_last_page_has_no_cursor(paging: object) -> None:
    assert read(FIND, {"results": [], "total": 3, "paging": paging}) == Page((), None, 3)


@pytest.mark.seed("G12")
@pytest.mark.seed("G16")
def test_assets_come_with_metrics_only_where_dates_were_given() -> None:
    rows = [{"id": "1", "name": "Mail", "metrics": {"CLICKS": 5, "OPEN": 7.0}}, {"id": 2}]
    page = read(wire.assets_page("c", "MARKETING_EMAIL"), {"results": rows})
    assert page.results == (Asset("1", "Mail", {"CLICKS": 5.0, "OPEN": 7.0}), Asset("2"))


@pytest.mark.seed("B3")
@pytest.mark.seed("B6")
def test_the_recorded_partial_failure_is_read() -> None:
    """`errors` and `links` are missing and `subCategory` is text: the specification says otherwise of all three."""
    answer = read(wire.read_many(["c-1", "c-2"]), RECORDED_207, 207)
    (problem,) = answer.problems
    assert (answer.status, [one.id for one in answer.results]) == ("COMPLETE", ["c-1"])
    assert problem.problem.category == "VALIDATION_ERROR"
    assert "Invalid campaign GUID format: c-2" in problem.text.splitlines()


@pytest.mark.parametrize("status", [200, 201, 207])
def test_errors_are_read_on_any_2xx(status: int) -> None:
    """207 in v3 and 2026-03; inside 200 and 201 in 2025-09 and 2026-09; HubSpot's own SDK drops them."""
    assert len(read(wire.create_many([{}]), RECORDED_207, status).problems) == 1


def test_errors_without_results_are_a_batch_that_failed() -> None:
    answer = read(wire.create_many([{}]), {"status": "COMPLETE", "errors": [{"message": "No."}]}, 207)
    assert (answer.results, len(answer.problems)) == ((), 1)


def test_a_result_without_an_id_leaves_the_others() -> None:
    answer = read(wire.create_many([{}, {}]), {"status": "COMPLETE", "results": [{}, {"id": "c"}]}, 201)
    assert [one.id for one in answer.results] == ["c"]


def test_totals_are_read_with_their_items() -> None:
    item = {"id": "12", "name": "Print", "amount": 2, "order": 0, "createdAt": 1_779_302_726_401, "updatedAt": 5}
    body = {"budgetItems": [item], "spendItems": [], "budgetTotal": 2.0, "currencyCode": "EUR"}
    assert read(wire.totals("c"), body) == Totals(
        budget_items=(Item("12", "Print", 2.0, 0, "", 1_779_302_726_401, 5),), budget_total=2.0, currency_code="EUR"
    )


def test_totals_may_leave_out_what_is_empty() -> None:
    assert read(wire.totals("c"), {"currencyCode": "EUR"}).items("spend") == ()


def test_reports_are_read() -> None:
    metrics = wire.metrics("c", start_date=FROM, end_date=TO)
    assert read(metrics, {"sessions": 3, "newContactsFirstTouch": 1}) == Metrics(3, 1)
    revenue = wire.revenue("c", start_date=FROM, end_date=TO)
    assert read(revenue, {"revenueAmount": 2.5, "currencyCode": "EUR"}) == Revenue(
        revenue_amount=2.5, currency_code="EUR"
    )
    contacts = wire.contacts_page("c", "influencedContacts", start_date=FROM, end_date=TO)
    assert read(contacts, {"results": [{"id": "1"}, {"id": "2"}]}).results == ("1", "2")


def test_the_asset_types_of_the_beta_are_read() -> None:
    assert read(wire.asset_types(), {"results": ["FORM", "CTA"]}) == ("FORM", "CTA")


def test_the_rate_limit_headers_are_read() -> None:
    headers = {
        "x-hubspot-ratelimit-max": "190",
        "x-hubspot-ratelimit-remaining": "188",
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-daily": "625000",
        "x-hubspot-ratelimit-daily-remaining": "624998",
    }
    assert limits_of(headers) == Limits(190, 188, 10_000, 625_000, 624_998)


def test_any_rate_limit_header_may_be_missing_or_odd() -> None:
    """OAuth apps get no daily ones, searches none at all."""
    assert limits_of({"x-hubspot-ratelimit-max": "100", "x-hubspot-ratelimit-remaining": "-1"}) == Limits(max=100)
    assert limits_of({"x-hubspot-ratelimit-max": "many"}) is None
    assert limits_of({}) is None
