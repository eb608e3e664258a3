"""What an answer means: done, refused, later, in doubt."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import CampaignsError, InDoubt, Later, MissingScope, RateLimited, Refused, Unauthorized
from campaigns.hubspot import wire
from campaigns.hubspot.types import ItemFields
from campaigns.hubspot.wire import Answer, Request, error_of, understand

CREATE = wire.create({"hs_name": "Launch"})
FIND = wire.find(name="Launch")
GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>\n  <h1>cloudflare</h1></body></html>"

REQUESTS: list[Request[object]] = [
    CREATE,
    FIND,
    wire.read("c"),
    wire.update("c", {}),
    wire.delete("c"),
    wire.create_many([{}]),
    wire.read_many(["c"]),
    wire.update_many({"c": {}}),
    wire.archive_many(["c"]),
    wire.assets_page("c", "FORM"),
    wire.attach("c", "FORM", "1"),
    wire.detach("c", "FORM", "1"),
    wire.asset_types(),
    wire.add_item("c", "budget", ItemFields("Print", 1)),
    wire.read_item("c", "spend", "1"),
    wire.replace_item("c", "spend", "1", ItemFields("Print", 1)),
    wire.remove_item("c", "budget", "1"),
    wire.totals("c"),
    wire.metrics("c", start_date="2026-01-01", end_date="2026-02-01"),
    wire.revenue("c", start_date="2026-01-01", end_date="2026-02-01"),
    wire.contacts_page("c", "contactFirstTouch", start_date="2026-01-01", end_date="2026-02-01"),
]


def an_answer(status: int, body: object = None, **headers: str) -> Answer:
    told = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else b""
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, told)


def error(status: int, body: object = None, *, changes: bool = True, **headers: str) -> CampaignsError:
    return error_of(an_answer(status, body, **headers), changes=changes)


@pytest.mark.parametrize("status", [400, 402, 404, 405, 410, 413, 414, 415, 422, 431])
@pytest.mark.parametrize("changes", [True, False])
def test_a_refusal_is_never_asked_again(status: int, changes: bool) -> None:
    assert type(error(status, changes=changes)) is Refused


@pytest.mark.parametrize("status", [408, 409, 423, 500, 502, 503, 504, 520, 521, 522, 523, 524, 599])
def test_a_change_without_a_clear_answer_is_in_doubt(status: int) -> None:
    """HubSpot's "pause a few seconds and retry" is no promise that nothing was written."""
    assert type(error(status)) is InDoubt


@pytest.mark.parametrize("status", [408, 409, 423, 500, 502, 503, 504, 520, 524, 102, 300, 304, 600])
def test_a_read_without_a_clear_answer_is_asked_again(status: int) -> None:
    assert type(error(status, changes=False)) is Later


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_redirect_is_not_followed_and_nothing_was_done(status: int) -> None:
    """A wrong base URL is for an operator to mend; no run fails for it."""
    assert type(error(status)) is Later


def test_a_redirect_after_the_deed_is_in_doubt() -> None:
    """303 See Other is how a server says that it has carried out a POST."""
    assert type(error(303)) is InDoubt


def test_an_account_that_moves_is_waited_for_as_long_as_hubspot_says() -> None:
    told = error(477, retry_after="86400")
    assert isinstance(told, Later)
    assert told.after == 86_400


def test_a_token_that_was_not_accepted_is_no_refusal() -> None:
    body = {"status": "error", "category": "INVALID_AUTHENTICATION", "message": "Authentication credentials not found."}
    told = error(401, body)
    assert type(told) is Unauthorized
    assert told.problem.category == "INVALID_AUTHENTICATION"


@pytest.mark.seed("B8")
@pytest.mark.seed("G5")
def test_a_missing_scope_stops_the_operation_and_says_which_scope_it_wants() -> None:
    """Since 2025-07-09 every change needs `marketing.campaigns.write`; tokens with only `.read` get this."""
    scopes = {"requiredGranularScopes": ["marketing.campaigns.write"]}
    body = {
        "status": "error",
        "message": "This app hasn't been granted all required scopes.",
        "category": "MISSING_SCOPES",
        "errors": [{"message": "One or more of the following scopes are required.", "context": scopes}],
        "links": {"scopes": "https://developers.hubspot.com/scopes"},
    }
    told = error(403, body)
    assert type(told) is MissingScope
    assert told.problem.context == scopes
    assert told.problem.link == "https://developers.hubspot.com/scopes"


@pytest.mark.parametrize(
    ("body", "daily"),
    [
        ({"errorType": "RATE_LIMIT", "message": "You have reached your daily limit.", "policyName": "DAILY"}, True),
        ({"message": "You have reached your daily limit.", "policyName": "daily"}, True),
        ({"message": "You have reached your daily limit."}, True),
        ({"message": "You have reached your ten_secondly_rolling limit.", "policyName": "TEN_SECONDLY_ROLLING"}, False),
        ({"message": "You have reached your secondly limit.", "policyName": "SECONDLY"}, False),
        ({"category": "RATE_LIMITS"}, False),
        (b"<html>Too many requests</html>", False),
        (None, False),
    ],
)
def test_a_spent_day_is_told_from_a_spent_window(body: object, daily: bool) -> None:
    """HubSpot's own SDK repeats both, and so turns one daily 429 into three requests."""
    told = error(429, body)
    assert isinstance(told, RateLimited)
    assert told.daily is daily


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"retry_after": "3"}, 3.0),
        ({"retry_after": " 0.5 "}, 0.5),
        ({}, None),
        ({"retry_after": "-3"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:27:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:30 -0000", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
    ],
)
def test_retry_after_is_honoured_in_both_its_forms(headers: dict[str, str], after: float | None) -> None:
    """It is not documented for a 429 of the REST API, so it may be there or not."""
    told = error_of(an_answer(429, **headers), changes=True)
    assert isinstance(told, RateLimited)
    assert told.after == after


def test_a_page_of_html_is_a_problem_like_any_other() -> None:
    told = error(502, GATEWAY, x_hubspot_correlation_id="019dfa5f")
    assert isinstance(told, InDoubt)
    assert told.problem.detail.startswith("HubSpot answered 502: <html><head><title>502 Bad Gateway")
    assert (told.problem.status, told.problem.correlation_id) == (502, "019dfa5f")


def test_an_empty_body_is_a_problem_like_any_other() -> None:
    assert error(500).problem.detail == "HubSpot answered 500: nothing"


def test_an_error_without_category_is_read() -> None:
    """Recorded: the specification calls `category` required."""
    body = {
        "status": "error",
        "message": "Campaign create request must include 'hs_name' property.",
        "correlationId": "019d",
    }
    problem = error(400, body).problem
    assert (problem.category, problem.correlation_id) == (None, "019d")
    assert problem.detail == "Campaign create request must include 'hs_name' property."


@pytest.mark.seed("B6")
@pytest.mark.parametrize("odd", [None, 7, "{missingScopes=[scope1, scope2]}", ["x"], {"a": {"b": 1}}])
def test_every_field_of_an_error_may_be_absent_or_of_another_type(odd: object) -> None:
    """The specification's own example of `context` is the text that Java prints for a map."""
    for name in ("category", "context", "errors", "links", "message", "status", "id", "subCategory", "correlationId"):
        problem = error(400, {"message": "No.", "category": "VALIDATION_ERROR", name: odd}).problem
        assert problem.status == 400
        assert problem.detail


def test_what_the_nested_errors_add_is_told() -> None:
    body = {"message": "Invalid input", "errors": [{"message": "hs_name is too long"}, {"message": "Invalid input"}]}
    assert error(400, body).problem.detail == "Invalid input; hs_name is too long"


def test_a_problem_is_never_larger_than_a_run_can_keep() -> None:
    body = {"message": "x" * 100_000, "context": {"properties": ["y" * 100_000]}}
    assert len(msgspec.json.encode(error(400, body).problem)) < 6_000


@pytest.mark.parametrize(
    "body", [b"", b"{", b"<html></html>", b"[]", b"{}", b'{"id":null}', b'{"id":""}', b'{"id":[]}']
)
def test_a_create_that_answers_2xx_without_an_id_is_in_doubt(body: bytes) -> None:
    """It was done, and nobody knows which campaign it is: to take it for done would lose the campaign."""
    with pytest.raises(InDoubt) as raised:
        understand(CREATE, Answer(201, {}, body))
    assert raised.value.problem.status == 201


@pytest.mark.parametrize("status", [200, 201, 202, 207])
def test_a_create_is_done_by_any_2xx_with_an_id(status: int) -> None:
    assert understand(CREATE, an_answer(status, {"id": "guid"})).id == "guid"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"results":null}', b'{"results":[{"id":"a"},{}]}', b'{"results":{}}'])
def test_a_page_that_lacks_a_row_or_an_id_is_asked_for_again(body: bytes) -> None:
    """To take it for all there is would say "not there" of a campaign that is."""
    with pytest.raises(Later):
        understand(FIND, Answer(200, {}, body))


@pytest.mark.parametrize("body", [b"", b"{}", b'{"budgetItems":[{}],"spendItems":[]}', b'{"spendItems":null}'])
def test_totals_that_lack_items_are_asked_for_again(body: bytes) -> None:
    with pytest.raises(Later):
        understand(wire.totals("c"), Answer(200, {}, body))


@pytest.mark.parametrize("body", [b"", b"<html></html>", b'{"anything":1}'])
@pytest.mark.parametrize("status", [200, 202, 204])
def test_changes_that_give_nothing_back_are_done_by_any_2xx(status: int, body: bytes) -> None:
    for request in (wire.delete("c"), wire.archive_many(["c"]), wire.attach("c", "FORM", "1")):
        understand(request, Answer(status, {}, body))


@pytest.mark.parametrize("body", [b'{"context":%b}', b'{"id":"c","properties":{"p":%b}}', b'{"errors":[%b]}'])
@pytest.mark.parametrize("status", [201, 429, 500])
def test_an_answer_nested_beyond_reason_is_read_like_any_other(status: int, body: bytes) -> None:
    """What can just be decoded may still be too deep to be walked through or written down."""
    for depth in (*range(600, 1_000), 100_000):
        answer = Answer(status, {}, body % (b'{"a":' * depth + b"1" + b"}" * depth))
        for request in (CREATE, wire.create_many([{}])):
            with suppress(Refused, Later, InDoubt):
                understand(request, answer)


jsonish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "results", "errors", "paging", "next", "after", "properties", "context", "message"]),
            inner,
        )
    ),
    max_leaves=12,
)
bodies = st.binary(max_size=60) | jsonish.map(msgspec.json.encode) | st.sampled_from([b"[" * 90_000, b'{"a":' * 90_000])
headers = st.dictionaries(st.sampled_from(["retry-after", "date", "x-hubspot-ratelimit-max"]), st.text(max_size=30))


@given(request=st.sampled_from(REQUESTS), status=st.integers(0, 999), headers=headers, body=bodies)
def test_any_answer_is_a_value_or_one_of_our_errors(
    request: Request[object], status: int, headers: dict[str, str], body: bytes
) -> None:
    """Whatever a proxy, an edge or a new version answers, nothing else escapes; and every problem can be written down."""
    answer = Answer(status, headers, body)
    wire.limits_of(headers)
    error: CampaignsError | None = None
    try:
        msgspec.json.encode(understand(request, answer))
    except (Refused, Later, InDoubt) as raised:
        msgspec.json.encode(raised.problem)
        error = raised
    assert error is not None or 200 <= status < 300
    assert request.changes or not isinstance(error, InDoubt)
