"""The requests, and what keeps a call from being spent on one that cannot work."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import Invalid
from campaigns.hubspot import wire
from campaigns.hubspot.types import ItemFields
from campaigns.hubspot.wire import Request, prefix_of

ITEM = ItemFields("Print", 12.5, 3, "500 copies")


@pytest.mark.parametrize(
    ("version", "prefix"),
    [
        ("v3", "/marketing/v3/campaigns"),
        ("2025-09", "/marketing/campaigns/2025-09"),
        ("2026-03", "/marketing/campaigns/2026-03"),
        ("2026-09-beta", "/marketing/campaigns/2026-09-beta"),
    ],
)
def test_the_dated_versions_turn_the_words_of_v3_round(version: str, prefix: str) -> None:
    assert prefix_of(version) == prefix


@pytest.mark.seed("B1")
@pytest.mark.seed("B2")
def test_a_batch_of_creates_is_a_list_of_inputs_with_properties() -> None:
    request = wire.create_many([{"hs_name": "A"}, {"hs_name": "B"}])
    assert (request.method, request.target) == ("POST", "/batch/create")
    assert json.loads(request.body or b"") == {
        "inputs": [{"properties": {"hs_name": "A"}}, {"properties": {"hs_name": "B"}}]
    }


@pytest.mark.seed("G7")
def test_a_create_sends_its_properties() -> None:
    request = wire.create({"hs_name": "Größe 5"})
    assert (request.method, request.target) == ("POST", "")
    assert json.loads(request.body or b"") == {"properties": {"hs_name": "Größe 5"}}


@pytest.mark.seed("G8")
def test_the_properties_to_read_are_one_value_with_commas() -> None:
    """The specification would repeat the name; HubSpot's own links have commas."""
    assert wire.read("guid", ["hs_name", "hs_notes"]).target == "/guid?properties=hs_name%2Chs_notes"


@pytest.mark.seed("G12")
def test_dates_are_sent_for_metrics() -> None:
    target = wire.read("guid", start_date="2026-01-01", end_date="2026-02-01").target
    assert target == "/guid?startDate=2026-01-01&endDate=2026-02-01"


@pytest.mark.seed("G13")
@pytest.mark.seed("G16")
def test_assets_are_read_one_type_a_request() -> None:
    request = wire.assets_page("guid", "BLOG_POST", limit=10, start_date="2026-01-01", end_date="2026-02-01")
    assert request.target == "/guid/assets/BLOG_POST?limit=10&startDate=2026-01-01&endDate=2026-02-01"


@pytest.mark.seed("G31")
@pytest.mark.seed("G32")
def test_attach_and_detach_are_two_verbs_of_one_path() -> None:
    """One page says "to disassociate" of PUT, another "to associate" of DELETE: the verb decides."""
    attach, detach = wire.attach("guid", "FORM", "7"), wire.detach("guid", "FORM", "7")
    assert (attach.method, detach.method) == ("PUT", "DELETE")
    assert attach.target == detach.target == "/guid/assets/FORM/7"


@pytest.mark.seed("G35")
def test_an_update_is_a_patch_of_the_given_properties() -> None:
    request = wire.update("guid", {"hs_notes": ""})
    assert (request.method, request.target, request.body) == ("PATCH", "/guid", b'{"properties":{"hs_notes":""}}')


@pytest.mark.seed("G37")
def test_a_delete_names_the_campaign() -> None:
    """The guide's path for it is the whole collection's."""
    assert (wire.delete("guid").method, wire.delete("guid").target) == ("DELETE", "/guid")


@pytest.mark.seed("G38")
@pytest.mark.seed("G39")
@pytest.mark.seed("G40")
@pytest.mark.seed("G41")
def test_a_search_is_a_read_of_the_collection() -> None:
    """The guide gives it a campaign's path, and the sort `-CREATED_AT`, which is none of those it allows."""
    request = wire.find(name="a & b", sort="-createdAt", limit=100, after="Mg==", properties=["hs_name"])
    assert request.method == "GET"
    assert request.target == "?name=a%20%26%20b&sort=-createdAt&limit=100&after=Mg%3D%3D&properties=hs_name"


def test_an_item_is_written_whole() -> None:
    request = wire.replace_item("guid", "spend", "12", ITEM)
    assert (request.method, request.target) == ("PUT", "/guid/spend/12")
    assert json.loads(request.body or b"") == {"name": "Print", "amount": 12.5, "order": 3, "description": "500 copies"}


def test_both_dates_of_a_report_are_always_sent() -> None:
    """Some reports are said to refuse a request without them."""
    target = wire.metrics("guid", start_date="2006-01-01", end_date="2026-02-01").target
    assert target == "/guid/reports/metrics?startDate=2006-01-01&endDate=2026-02-01"


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_page_size_that_hubspot_does_not_allow_costs_no_call(limit: int) -> None:
    with pytest.raises(Invalid):
        wire.find(limit=limit)


MANY: list[Callable[[int], Request[object]]] = [
    lambda size: wire.create_many([{"hs_name": str(number)} for number in range(size)]),
    lambda size: wire.read_many([str(number) for number in range(size)]),
    lambda size: wire.update_many({str(number): {} for number in range(size)}),
    lambda size: wire.archive_many([str(number) for number in range(size)]),
]


@pytest.mark.parametrize("many", MANY)
def test_a_batch_has_1_to_50_inputs(many: Callable[[int], Request[object]]) -> None:
    many(1), many(50)
    for size in (0, 51):
        with pytest.raises(Invalid):
            many(size)


@pytest.mark.parametrize("campaign", ["", ".", ".."])
def test_an_id_that_would_be_another_path_costs_no_call(campaign: str) -> None:
    """DELETE of "" would be DELETE of the collection, of ".." something else again."""
    with pytest.raises(Invalid):
        wire.delete(campaign)
    with pytest.raises(Invalid):
        wire.attach("guid", "FORM", campaign)


@pytest.mark.parametrize("item", ["totals", "", "../1", "1.5", "²"])
def test_an_item_is_named_by_a_number(item: str) -> None:
    """`budget/totals` stands beside `budget/{budgetId}`."""
    with pytest.raises(Invalid):
        wire.read_item("guid", "budget", item)


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
def test_an_amount_that_json_cannot_hold_costs_no_call(amount: float) -> None:
    with pytest.raises(Invalid):
        wire.add_item("guid", "budget", ItemFields("Print", amount))


def test_half_a_character_costs_no_call() -> None:
    for build in (
        lambda: wire.create({"hs_name": "\ud800"}),
        lambda: wire.find(name="\ud800"),
        lambda: wire.read("\ud800"),
    ):
        with pytest.raises(Invalid):
            build()


@given(st.text(min_size=1).filter(lambda text: text not in {".", ".."}))
def test_no_id_leaves_its_segment(text: str) -> None:
    try:
        target = wire.attach(text, "FORM", "1").target
    except Invalid:
        assert any("\ud800" <= letter <= "\udfff" for letter in text)
    else:
        assert target.count("/") == 4
        assert "?" not in target
        assert "#" not in target


def test_only_what_changes_something_can_be_in_doubt() -> None:
    """A batch read is a POST, and yet changes nothing."""
    assert not wire.read_many(["guid"]).changes
    assert wire.archive_many(["guid"]).changes
