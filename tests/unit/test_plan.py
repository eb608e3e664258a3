"""Turning a trigger into a run."""

import pytest

from campaigns.errors import Invalid, NoRecipe
from campaigns.model import Trigger
from campaigns.plan import Sender, plan
from campaigns.recipes import Recipes, read
from campaigns.wishes import AddItem, AttachAsset, CreateCampaign, DetachAssets

SENDER = Sender("test", "shop", "shared")
BOOK = Recipes(
    read(
        """
        [[recipes]]
        on = "product.launched"
        name = "launch"
        portal = "acme"
        properties = { hs_name = "Launch of {{ data.name }}", hs_notes = "for {{ subject }}" }
        assets = [{ type = "MARKETING_EMAIL", id = "{{ data.email }}" }, { type = "FORM", id = "7" }]
        budget = [{ name = "Ads", amount = "{{ data.budget }}" }]
        """
    )
)


def launched(**data: object) -> Trigger:
    return Trigger(type="product.launched", subject="sku-1", data={"name": "Nova", "email": 5, "budget": 12.5} | data)


def requested(**data: object) -> Trigger:
    return Trigger(type="campaign.requested", portal="acme", data={"properties": {"hs_name": "x"}, **data})


def test_a_recipe_is_filled_in_from_the_trigger() -> None:
    run = plan(launched(), BOOK, SENDER, "k")
    assert [step.wish for step in run.steps] == [
        CreateCampaign({"hs_campaign_status": "in_progress", "hs_name": "Launch of Nova", "hs_notes": "for sku-1"}),
        AttachAsset("MARKETING_EMAIL", "5"),
        AttachAsset("FORM", "7"),
        AddItem("budget", "Ads", 12.5, 0),
        DetachAssets(),
    ]
    assert (run.portal, run.recipe) == ("acme", "launch")


def test_no_two_steps_of_a_run_have_the_same_name() -> None:
    wish = {"assets": [{"type": "FORM", "id": "1"}, {"type": "FORM", "id": "1"}, {"type": "FORM", "id": "2"}]}
    items = {"budget": [{"name": "a", "amount": 1}, {"name": "a", "amount": 1}], "spend": [{"name": "a", "amount": 1}]}
    names = [step.name for step in plan(requested(**wish, **items), BOOK, SENDER, "k").steps]
    assert len(names) == len(set(names)) == 6


def test_the_trigger_names_the_portal_before_the_recipe_does() -> None:
    elsewhere = Trigger(type="product.launched", subject="sku-1", portal="other", data=launched().data)
    assert plan(elsewhere, BOOK, SENDER, "k").portal == "other"


def test_a_trigger_that_nothing_answers_to_is_refused() -> None:
    with pytest.raises(NoRecipe):
        plan(Trigger(type="product.sunk"), BOOK, SENDER, "k")


def test_without_any_portal_there_is_no_run() -> None:
    with pytest.raises(Invalid, match="no portal"):
        plan(Trigger(type="campaign.requested", data={"properties": {"hs_name": "x"}}), BOOK, SENDER, "k")


def test_data_that_lacks_what_the_recipe_names_is_refused_with_the_name() -> None:
    with pytest.raises(Invalid, match=r"data\.name"):
        plan(Trigger(type="product.launched", data={"email": 5, "budget": 1}), BOOK, SENDER, "k")


@pytest.mark.parametrize(
    "data",
    [
        {"properties": {}},
        {"properties": {"hs_name": "  "}},
        {"properties": {"hs_name": 5}},
        {"assets": [{"type": "form", "id": "1"}]},
        {"assets": [{"type": "FORM"}]},
        {"budget": [{"name": "a", "amount": "much"}]},
        {"unheard": 1},
    ],
)
def test_a_request_that_is_no_campaign_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        plan(requested(**data), BOOK, SENDER, "k")


def test_a_property_that_is_no_text_is_named() -> None:
    with pytest.raises(Invalid, match=r"^data: Expected `str`, got `int` - at `\$\.properties\.hs_goal`$"):
        plan(requested(properties={"hs_name": "x", "hs_goal": 5}), BOOK, SENDER, "k")


def test_callers_cannot_sign_with_a_marker() -> None:
    run = plan(requested(properties={"hs_name": "x", "hs_notes": "a[fanfare:b.c.d]"}), BOOK, SENDER, "k")
    assert run.steps[0].wish == CreateCampaign({"hs_name": "x", "hs_notes": "a"})


def test_a_template_is_text_and_reaches_nothing_else() -> None:
    run = plan(launched(name="{{ 7 * 7 }} <b>"), BOOK, SENDER, "k")
    wish = run.steps[0].wish
    assert isinstance(wish, CreateCampaign)
    assert wish.properties["hs_name"] == "Launch of {{ 7 * 7 }} <b>"


def test_a_recipe_makes_so_many_an_hour_and_what_brings_everything_itself_as_many_as_it_likes() -> None:
    (capped,) = read('[[recipes]]\non = "x"\nportal = "acme"\nmax_creates_per_hour = 3\nproperties = {hs_name = "x"}')
    assert plan(Trigger(type="x"), Recipes((capped,)), SENDER, "k").max_creates_per_hour == 3
    assert plan(launched(), BOOK, SENDER, "k").max_creates_per_hour == 500
    assert plan(requested(), BOOK, SENDER, "k").max_creates_per_hour is None
    (archives,) = read('[[recipes]]\non = "x"\nportal = "acme"\narchive = true')
    assert plan(Trigger(type="x", subject="s"), Recipes((archives,)), SENDER, "k").max_creates_per_hour is None
    with pytest.raises(Invalid):
        read('[[recipes]]\non = "x"\nmax_creates_per_hour = 0\nproperties = {hs_name = "x"}')
