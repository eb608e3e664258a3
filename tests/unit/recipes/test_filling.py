"""Which recipe answers, and what becomes of it for one trigger."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import Invalid, NoRecipe
from campaigns.model import Run, Trigger
from campaigns.plan import Sender, plan
from campaigns.recipes import Recipes, examine, read
from campaigns.recipes.matching import fits, overlap
from campaigns.wishes import AddItem, ArchiveCampaign, AttachAsset, CreateCampaign, DetachAssets, UpdateCampaign

SENDER = Sender("test", "shop", "shared")
HEAD = '[[recipes]]\non = "x.y"\nportal = "acme"\n'
NAMED = HEAD + 'properties = { hs_name = "x" }\n'


def run_of(toml: str, **data: Any) -> Run:  # noqa: ANN401 - any data
    return plan(Trigger(type="x.y", subject="s", data=data), Recipes(read(toml)), SENDER, "k")


def a_trigger(kind: str, **more: Any) -> Trigger:  # noqa: ANN401 - any attribute
    return Trigger(type=kind, subject="s", **more)


# --- matching ---


@pytest.mark.parametrize(
    ("pattern", "kind", "expected"),
    [
        ("product.launched", "product.launched", True),
        ("product.*", "product.launched", True),
        ("product.*", "product.price.changed", True),
        ("product.*", "product", False),
        ("*.launched", "com.acme.product.launched", True),
        ("*.l*d", "product.launched", True),
        ("a*a", "a", False),
        ("*", "anything", True),
    ],
)
def test_a_pattern_fits_what_it_looks_like(pattern: str, kind: str, *, expected: bool) -> None:
    assert fits(pattern, kind) is expected
    assert overlap(pattern, kind) is expected


patterns = st.text(alphabet="ab*", max_size=6)


@given(patterns, patterns, st.text(alphabet="ab", max_size=6))
def test_patterns_that_fit_one_type_overlap(one: str, other: str, kind: str) -> None:
    if fits(one, kind) and fits(other, kind):
        assert overlap(one, other)


def test_conditions_choose_between_recipes_and_what_is_missing_is_not_true() -> None:
    eu = NAMED + 'name = "eu"\nwhen = "data.region == \'EU\'"\n'
    dear = NAMED.replace("x.y", "x.*") + 'name = "dear"\nwhen = "data.price > 100"\n'
    either = Recipes(read(eu + dear))
    assert either.match(a_trigger("x.y", data={"region": "EU"})) is either.all[0]
    assert either.match(a_trigger("x.y", data={"price": 101})) is either.all[1]
    with pytest.raises(NoRecipe, match="with this data"):
        either.match(a_trigger("x.y", data={}))
    with pytest.raises(Invalid, match="'eu' and 'dear' both answer"):
        either.match(a_trigger("x.y", data={"region": "EU", "price": 101}))


def test_two_recipes_for_one_trigger_are_found_before_it_comes_across_files() -> None:
    reading = examine({"one.toml": NAMED, "two.toml": NAMED.replace("x.y", "x.*")})
    (mistake,) = reading.mistakes
    assert (mistake.file, mistake.line, "one.toml:2" in mistake.why) == ("two.toml", 2, True)


# --- filling in ---


def test_a_list_in_the_data_becomes_an_asset_or_item_each() -> None:
    toml = (
        NAMED + '[[recipes.assets]]\neach = "data.assets"\ntype = "{{ item.type }}"\nid = "{{ item.id }}"\n'
        'when = "item.public"\nrequired = false\n'
        '[[recipes.spend]]\neach = "data.costs"\nname = "{{ item.for }}"\namount = "{{ item.sum }}"\n'
    )
    assets = [{"type": "FORM", "id": 1, "public": True}, {"type": "FORM", "id": 2}]
    run = run_of(toml, assets=assets, costs=[{"for": "ads", "sum": 2.5}])
    assert [(step.wish, step.required) for step in run.steps[1:]] == [
        (AttachAsset("FORM", "1"), False),
        (AddItem("spend", "ads", 2.5, 0), True),
        (DetachAssets(), True),
    ]


@pytest.mark.parametrize(
    ("assets", "names_a_set"),
    [
        ("", False),
        ("assets = []", True),
        ('assets = [{ type = "FORM", each = "data.none" }]', False),
        ('assets = [{ type = "FORM", each = "data.empty" }]', True),
        ('assets = [{ type = "FORM", id = "7" }, { type = "FORM", each = "data.none" }]', True),
    ],
)
def test_a_set_of_assets_is_named_or_not(assets: str, *, names_a_set: bool) -> None:
    run = run_of(NAMED + assets, empty=[])
    assert any(isinstance(step.wish, DetachAssets) for step in run.steps) is names_a_set


def test_without_a_subject_there_is_nothing_that_an_earlier_run_could_have_attached() -> None:
    book = Recipes(read(NAMED + "assets = []"))
    assert [step.name for step in plan(Trigger(type="x.y"), book, SENDER, "k").steps] == ["create_campaign"]


@pytest.mark.parametrize("amount", ["nan", "inf", "-inf", "much", "1e999", ""])
def test_an_amount_that_is_no_number_is_refused(amount: str) -> None:
    with pytest.raises(Invalid, match="amount"):
        run_of(NAMED + 'budget = [{ name = "Ads", amount = "{{ data.sum }}" }]', sum=amount)
    data = {"properties": {"hs_name": "x"}, "budget": [{"name": "Ads", "amount": amount}]}
    with pytest.raises(Invalid, match="amount"):
        plan(Trigger(type="campaign.requested", portal="acme", data=data), Recipes(), SENDER, "k")


def test_a_recipe_may_archive_and_says_nothing_else_then() -> None:
    run = run_of(HEAD + "archive = true")
    assert [step.wish for step in run.steps] == [ArchiveCampaign()]


@pytest.mark.parametrize("toml", [HEAD + "archive = true", NAMED + 'do = "update"'])
def test_what_changes_a_campaign_needs_a_subject(toml: str) -> None:
    with pytest.raises(Invalid, match="needs a subject"):
        plan(Trigger(type="x.y"), Recipes(read(toml)), SENDER, "k")


def test_what_a_recipe_says_of_upsert_names_and_another_stands_in_its_wish() -> None:
    wishes = [
        run_of(NAMED + more).steps[0].wish
        for more in (
            'do = "update"\nupsert = false',
            'do = "another"',
            'taken = "number"',
            'do = "update"\ntaken = "adopt"',
        )
    ]
    assert wishes == [
        UpdateCampaign({"hs_name": "x"}, upsert=False),
        CreateCampaign({"hs_name": "x"}, another=True),
        CreateCampaign({"hs_name": "x"}, taken="number"),
        UpdateCampaign({"hs_name": "x"}, taken="adopt"),
    ]


def test_the_callback_is_the_triggers_else_the_recipes() -> None:
    book = Recipes(read(NAMED + 'callback = "https://shop.internal/status"'))
    plain = plan(a_trigger("x.y"), book, SENDER, "k")
    told = plan(a_trigger("x.y", callbackurl="https://shop.internal/mine"), book, SENDER, "k")
    assert plain.trigger.callbackurl == "https://shop.internal/status"
    assert told.trigger.callbackurl == "https://shop.internal/mine"


def test_days_are_those_of_the_portal_that_the_run_goes_to() -> None:
    recipes = read(HEAD + 'properties = { hs_name = "{{ data.at | date }}" }')
    book = Recipes(recipes, {"acme": "Europe/Berlin", "far": "America/New_York"})
    data = {"at": "2026-10-01T02:00:00Z"}
    named = [
        plan(a_trigger("x.y", portal=portal, data=data), book, SENDER, "k").campaign_name for portal in ("acme", "far")
    ]
    assert named == ["2026-10-01", "2026-09-30"]


def test_toml_has_days_and_numbers_of_its_own_and_properties_are_texts() -> None:
    toml = HEAD + "[recipes.properties]\nhs_name = 'x'\nhs_start_date = 2026-10-01"
    wish = run_of(toml).steps[0].wish
    assert isinstance(wish, CreateCampaign)
    assert wish.properties["hs_start_date"] == "2026-10-01"
