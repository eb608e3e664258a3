"""Why this project does not use HubSpot's own SDK: what it does with a lost answer, a spent day, a cursor and a 207."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import httpx
import pytest
from hubspot_sdk import BadRequestError, HubSpot, InternalServerError, RateLimitError
from hubspot_sdk.resources.marketing.campaigns import CampaignsResource

from simulator.fixture import Running, running

TRIES: Final = 3
"""Of one call: the first and, by the SDK's default, two more."""

MARKED: Final = {"hs_name": "Launch", "hs_notes": "[fanfare:run.1.subject]"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Running]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def sent() -> list[httpx.Request]:
    """What the SDK sent, oldest first."""
    return []


@pytest.fixture
def campaigns(simulator: Running, sent: list[httpx.Request]) -> Iterator[CampaignsResource]:
    """The SDK as it is out of the box."""
    simulator.reset()
    http = httpx.Client(event_hooks={"request": [sent.append]})
    with HubSpot(access_token="pat-test", base_url=simulator.url, http_client=http) as sdk:
        yield sdk.marketing.campaigns


def test_one_create_whose_answers_are_lost_makes_three_campaigns(
    simulator: Running, campaigns: CampaignsResource, sent: list[httpx.Request]
) -> None:
    """Nothing in the three requests tells HubSpot that they are one: the key that the SDK makes is never sent."""
    simulator.plan({"do": "status_after", "status": 504, "method": "POST", "path": ""})
    with pytest.raises(InternalServerError):
        campaigns.create(properties=MARKED)
    assert [row["marker"] for row in simulator.ledger()] == [MARKED["hs_notes"]] * TRIES
    assert len(simulator.campaigns()) == TRIES
    headers = [dict(request.headers) for request in sent]
    assert [told.pop("x-stainless-retry-count") for told in headers] == ["0", "1", "2"]
    assert all(told == headers[0] for told in headers)
    assert not [name for name in headers[0] if "idempotency" in name]


def test_one_create_that_loses_its_first_answer_succeeds_and_leaves_a_double(
    simulator: Running, campaigns: CampaignsResource
) -> None:
    """The caller hears of one campaign; nobody hears of the other."""
    simulator.plan({"do": "cut_after", "method": "POST", "path": "", "times": 1})
    made = campaigns.create(properties=MARKED)
    assert [campaign["properties"]["hs_name"] for campaign in simulator.campaigns()] == ["Launch", "Launch"]
    assert simulator.campaigns()[1]["id"] == made.id


def test_a_spent_day_is_asked_three_times(simulator: Running, campaigns: CampaignsResource) -> None:
    simulator.limit(per_day=0)
    with pytest.raises(RateLimitError) as raised:
        campaigns.list()
    body: Any = raised.value.body
    assert body["policyName"] == "DAILY"
    assert simulator.stats()["by_status"] == {"429": TRIES}


@pytest.fixture
def five(campaigns: CampaignsResource, sent: list[httpx.Request]) -> CampaignsResource:
    """Five campaigns stand in the portal: three pages of two."""
    for name in "ABCDE":
        campaigns.create(properties={"hs_name": name})
    sent.clear()
    return campaigns


def walked(campaigns: CampaignsResource) -> str:
    """The names that a walk by the SDK meets; a walk that does not end is cut at twelve."""
    rows = islice(campaigns.list(limit=2, properties=["hs_name"]), 12)
    return "".join(row.properties["hs_name"] for row in rows)


def test_the_cursor_is_encoded_twice(simulator: Running, five: CampaignsResource, sent: list[httpx.Request]) -> None:
    simulator.turn(double_encoded_cursor="accept")
    assert walked(five) == "ABCDE"
    assert [request.url.query for request in sent] == [
        b"limit=2&properties=hs_name",
        b"limit=2&properties=hs_name&after=Mg%253D%253D",
        b"limit=2&properties=hs_name&after=NA%253D%253D",
    ]


def test_a_walk_ends_after_page_1_in_an_error_if_hubspot_decodes_cursors_once(five: CampaignsResource) -> None:
    with pytest.raises(BadRequestError):
        walked(five)


def test_a_walk_never_ends_if_hubspot_takes_a_cursor_it_cannot_read_for_none(
    simulator: Running, five: CampaignsResource
) -> None:
    simulator.turn(double_encoded_cursor="first page")
    assert walked(five) == "AB" * 6


@pytest.mark.parametrize("partial_failure", ["207", "2xx"])
def test_a_batch_of_which_a_part_failed_looks_like_success(
    simulator: Running, campaigns: CampaignsResource, partial_failure: str
) -> None:
    """Nothing is raised; the errors are there only for those who look for a member that the type does not name."""
    simulator.turn(partial_failure=partial_failure)
    batch = campaigns.batch.create(inputs=[{"properties": {"hs_name": "A"}}, {"properties": {"hs_notes": "no name"}}])
    assert [row.properties["hs_name"] for row in batch.results] == ["A"]
    assert batch.status == "COMPLETE"
    assert "errors" not in type(batch).model_fields
    assert set(batch.model_extra or ()) >= {"errors", "numErrors"}
