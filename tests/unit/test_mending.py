"""`campaign.mend`: what it plans, what that becomes when its turn has come, and that it sets nothing anew."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import forecast, lanes
from campaigns.errors import Invalid
from campaigns.model import Run, Subject, Trigger
from campaigns.plan import Sender, plan
from campaigns.progress import can_be_undone, repeatable
from campaigns.recipes import MEND, Recipe, Recipes, examine
from campaigns.states import Done, Receipt
from campaigns.store import subject_changes
from campaigns.wishes import MendAssets, UpdateCampaign

SENDER = Sender("test", "shop", "shared")
CATCH_ALL = Recipes([Recipe(on="*", portal="acme", properties={"hs_name": "caught"})])
SUBJECT = Subject(
    campaign="c-1",
    orders={"hs_name": lanes.order(7, 7)},
    values={"hs_name": "Lamp"},
    assets=lanes.order(7, 7),
    wanted=(("FORM", "1"),),
    gone=(("FORM", "2"),),
)
MENDED = Done(Receipt("c-1", changed=True))


def a_mend(**more: Any) -> Run:  # noqa: ANN401 - any attribute
    told = {"subject": "sku-1", "portal": "acme", **more}
    return plan(Trigger(type=MEND, **told), CATCH_ALL, SENDER, "k")


def test_a_mend_needs_no_recipe_and_none_answers_to_it() -> None:
    run = a_mend()
    assert run.recipe == MEND
    assert [(step.name, step.required) for step in run.steps] == [("mend_campaign", True), ("mend_assets", False)]
    assert all(repeatable(step.wish) for step in run.steps)


@pytest.mark.parametrize("told", [{"subject": None}, {"portal": None}, {"data": {"x": 1}}, {"sequence": 1}])
def test_a_mend_without_subject_or_portal_or_with_data_or_a_sequence_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        a_mend(**told)


@given(st.integers(0, 10), st.integers(0, 10))
def test_a_mend_is_never_late_and_takes_what_is_kept_of_the_subject(time: int, archived: int) -> None:
    subject = Subject(**{name: getattr(SUBJECT, name) for name in ("campaign", "orders", "values", "assets")})
    told = lanes.resolve(a_mend(), lanes.order(0, time), subject)
    assert [step.wish for step in told.steps] == [
        UpdateCampaign({"hs_name": "Lamp"}, upsert=False, mend=True),
        MendAssets(),
    ]
    again = Subject(
        campaign="c-2", archived=lanes.order(archived, archived), wanted=(("FORM", "1"),), gone=(("FORM", "2"),)
    )
    told = lanes.resolve(told.with_state("mend_campaign", MENDED, 1), lanes.order(0, time), again)
    assert told.steps[0].wish == UpdateCampaign({"hs_name": "Lamp"}, upsert=False, mend=True)
    assert told.steps[1].wish == MendAssets((("FORM", "1"),), (("FORM", "2"),))


def test_what_was_mended_stays_as_old_as_it_is() -> None:
    planned = a_mend()
    order = lanes.order(0, 9)
    done = lanes.resolve(planned, order, SUBJECT).with_state("mend_campaign", MENDED, 1)
    assert subject_changes.changes(done, planned, order, "", SUBJECT) is None


def test_what_was_mended_is_not_undone() -> None:
    run = lanes.resolve(a_mend(), "0", SUBJECT)
    assert not can_be_undone(run.with_state("mend_campaign", MENDED, 1).with_state("mend_assets", MENDED, 1))


def test_only_the_looks_of_a_mend_are_foretold() -> None:
    calls = forecast.calls(lanes.resolve(a_mend(), "0", SUBJECT), "2026-03", "c-1")
    assert [(call.step, call.method) for call in calls] == [("mend_campaign", "GET"), ("mend_assets", "GET")]


def test_a_recipe_for_it_is_a_mistake() -> None:
    (mistake,) = examine(
        {"x.toml": f'[[recipes]]\non = "{MEND}"\nportal = "acme"\nproperties = {{ hs_name = "x" }}'}
    ).mistakes
    assert "needs no recipe" in str(mistake)
