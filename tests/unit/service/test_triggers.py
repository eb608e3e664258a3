import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.types import HTTPScope

from campaigns import keys
from campaigns.errors import CampaignsError, Forbidden, Invalid, KeyReused, NoRecipe
from campaigns.store import records
from campaigns.store.accept import Accepted, Wish
from campaigns.wishes import CreateCampaign
from service.auth import Callers
from service.cloudevents import Form
from service.problems import CallbackRefused, PortalRefused
from service.triggers import answer_to, check_properties, read
from tests.builders import a_run
from tests.settings import API_KEYS, a_caller, some_settings

READER = a_caller("events", rights=("read",))
SETTINGS = some_settings("unix:///nowhere", callers={"shop": a_caller("shop"), "events": READER})
CALLERS = Callers.of(SETTINGS)
LAUNCH = {"type": "product.launched", "source": "urn:shop", "id": "1", "data": {"name": "Lamp"}}
REQUEST = {"type": "campaign.requested", "portal": "acme", "data": {"properties": {"hs_name": "Lamp"}}}


def scope(*, key: bytes | None = None) -> HTTPScope:
    headers = [(b"content-type", b"application/json")] + ([(b"idempotency-key", key)] if key else [])
    return {"headers": headers, "query_string": b""}  # type: ignore[typeddict-item]  # what is read of it


def wish(body: dict[str, Any], *, caller: str = "shop", key: bytes | None = None) -> Wish:
    known = CALLERS.asking([(b"authorization", f"Bearer {API_KEYS[caller]}".encode())])
    return read(Form("plain"), scope(key=key), json.dumps(body).encode(), known, SETTINGS.book)


def test_a_trigger_becomes_a_run_with_all_its_steps_under_the_callers_key() -> None:
    found = wish(LAUNCH)
    assert (found.run.caller, found.run.portal, found.run.space) == ("shop", "acme", "shared")
    assert [step.name for step in found.run.steps] == ["create_campaign"]
    assert found.key == keys.key_hash("shop", keys.event_key("urn:shop", "1"))
    assert found.run.id == keys.run_id("test", "shop", keys.event_key("urn:shop", "1"), "acme")


def test_the_same_trigger_under_another_key_is_another_run() -> None:
    assert wish(LAUNCH).run.id != wish(LAUNCH, key=b"again").run.id
    assert wish(LAUNCH).fingerprint == wish(LAUNCH, key=b"again").fingerprint


def test_a_caller_without_the_right_to_send_is_refused() -> None:
    with pytest.raises(Forbidden):
        wish(LAUNCH, caller="events")


def test_a_portal_that_is_not_the_callers_is_refused() -> None:
    with pytest.raises(PortalRefused):
        wish(LAUNCH | {"portal": "umbrella"})


def test_a_callback_that_may_not_go_there_is_refused() -> None:
    with pytest.raises(CallbackRefused):
        wish(LAUNCH | {"callbackurl": "https://elsewhere.example/"})


def test_a_type_without_a_recipe_is_refused() -> None:
    with pytest.raises(NoRecipe):
        wish(LAUNCH | {"type": "product.paused"})


def test_data_that_lacks_what_the_recipe_names_is_refused() -> None:
    with pytest.raises(Invalid):
        wish(LAUNCH | {"data": {}})


def test_the_answer_names_the_run_where_it_is_and_how_it_stands() -> None:
    answer = answer_to(wish(LAUNCH | {"subject": "sku-1"}), Accepted("accepted", "run-1", "acme", "held"))
    assert (answer.status, dict(answer.headers)[b"location"]) == (202, b"/v1/runs/run-1")
    assert json.loads(answer.body) == {"id": "run-1", "status": "held", "portal": "acme", "subject": "sku-1"}


def test_a_repeat_gets_the_same_body_and_is_marked() -> None:
    first = answer_to(wish(LAUNCH), Accepted("accepted", "run-1", "acme", "waiting"))
    again = answer_to(wish(LAUNCH), Accepted("replayed", "run-1", "acme", "waiting"))
    assert again.body == first.body
    assert (b"idempotent-replayed", b"true") in again.headers
    assert (b"idempotent-replayed", b"true") not in first.headers


def test_a_key_that_names_another_trigger_is_refused() -> None:
    with pytest.raises(KeyReused):
        answer_to(wish(LAUNCH), Accepted("reused", "run-1", "acme", "waiting"))


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ITEM = st.fixed_dictionaries({"name": st.text(min_size=1), "amount": LEAVES}, optional={"description": st.text()})
DATA = st.fixed_dictionaries(
    {"properties": st.dictionaries(st.sampled_from(["hs_name", "hs_notes"]), st.text(min_size=1))},
    optional={
        "assets": st.lists(st.fixed_dictionaries({"type": st.just("FORM") | st.text(), "id": st.text()}), max_size=3),
        "budget": st.lists(ITEM, max_size=3),
        "spend": st.lists(ITEM, max_size=3),
        "more": LEAVES,
    },
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(DATA)
def test_any_data_is_a_run_that_can_be_kept_or_a_problem(data: dict[str, Any]) -> None:
    try:
        found = wish(REQUEST | {"data": data}, key=b"k-1")
    except CampaignsError:
        return
    assert records.plan(found.run)


@pytest.mark.parametrize(
    "properties",
    [{"hs_owner": "me"}, {"hs_start_date": "01.12.2026"}, {"hs_campaign_status": "live"}, {"hs_utm": "u" * 257}],
)
def test_what_hubspot_would_refuse_is_refused_before_a_call_is_spent(properties: dict[str, str]) -> None:
    run = a_run("k", CreateCampaign({"hs_name": "x", **properties}))
    with pytest.raises(Invalid, match=next(iter(properties))):
        check_properties(run)


def test_a_custom_property_and_a_retired_one_pass() -> None:
    check_properties(a_run("k", CreateCampaign({"hs_name": "x", "our_own": "1", "hs_goal": "fame"})))
