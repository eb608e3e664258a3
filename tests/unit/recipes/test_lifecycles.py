"""What the life of a product does to its campaign, whatever order its triggers arrive in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import lanes
from campaigns.model import Run, Step, Subject, Trigger
from campaigns.plan import Sender, plan
from campaigns.recipes import MEND, Recipes, read
from campaigns.recipes.lifecycles import STAGES
from campaigns.states import Done, Receipt
from campaigns.store import records, subject_changes
from campaigns.wishes import (
    AddItem,
    ArchiveCampaign,
    AttachAsset,
    CreateCampaign,
    DetachAssets,
    MendAssets,
    UpdateCampaign,
    Wish,
)

SENDER = Sender("test", "shop", "shared")
EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.toml"))
BOOK = Recipes(
    read(
        """
        [[recipes]]
        on = ["product.launched", "product.scheduled"]
        portal = "acme"
        properties = { hs_name = "{{ data.name }}", hs_audience = "{{ data.name | upper }}" }
        assets = [{ type = "FORM", id = "7" }, { each = "data.pages", type = "LANDING_PAGE" }]
        budget = [{ name = "Ads {{ id }}", amount = "10" }]

        [[recipes]]
        on = ["product.updated", "product.rescheduled"]
        portal = "acme"
        properties = { hs_name = "{{ data.name }}", hs_start_date = "2026-10-01" }
        assets = [{ each = "data.pages", type = "LANDING_PAGE" }]

        [[recipes]]
        on = ["product.paused", "product.resumed", "product.retired", "product.ended", "product.cancelled"]
        portal = "acme"
        properties = { hs_name = "{{ data.name }}" }
        spend = [{ each = "data.costs", name = "{{ item }} {{ id }}", amount = 1 }]
        """
    )
)


class HubSpot:
    """One subject's campaign as HubSpot would have it, and what we would keep of the subject. No I/O."""

    def __init__(self) -> None:
        self.subject = Subject()
        self.campaigns: list[dict[str, Any]] = []
        self.archived: set[str] = set()
        self._keys: dict[str, int] = {}

    def take(self, run: Run) -> None:
        """Carry a run out, unless its key was seen before."""
        if run.id in self._keys:
            return
        number = self._keys[run.id] = len(self._keys)
        order = f"{lanes.order(run.trigger.sequence, run.trigger.time or 0)}.{number:016d}"
        on = lanes.resolve(run, order, self.subject)
        for step in on.steps:
            if isinstance(step.state, Done):
                continue
            receipt = self._do(on, step.wish)
            if receipt is None:
                return  # the run has failed
            on = on.with_state(step.name, Done(receipt), 1)
            if step.name == on.steps[0].name:
                self._learn(subject_changes.changes(on, run, order, "marker", self.subject))
            # The worker may die here: what is left to do is found again from what is stored.
            stored = msgspec.structs.replace(run, steps=tuple(_stored(planned, on) for planned in run.steps))
            again = lanes.resolve(stored, order, self.subject)
            assert [s.wish for s in again.steps if not isinstance(s.state, Done)] == [
                s.wish for s in on.steps if not isinstance(s.state, Done)
            ]

    def _do(self, run: Run, wish: Wish) -> Receipt | None:
        match wish:
            case CreateCampaign(properties=properties):
                self.campaigns.append({"properties": dict(properties), "assets": set(), "items": []})
                return Receipt(str(len(self.campaigns) - 1))
            case UpdateCampaign(properties=properties):
                if self.subject.campaign is None:
                    return None
                self._of(self.subject.campaign)["properties"].update(properties)
                return Receipt(self.subject.campaign, changed=True)
            case ArchiveCampaign():
                self.archived.add(self.subject.campaign or "")
                return Receipt(self.subject.campaign or "", changed=True)
            case AttachAsset(type=kind, id=asset):
                self._of(run.campaign)["assets"].add((kind, asset))
            case DetachAssets(assets=assets):
                self._of(run.campaign)["assets"].difference_update(assets)
            case MendAssets(wanted=wanted, gone=gone):
                self._of(run.campaign)["assets"].update(wanted)
                self._of(run.campaign)["assets"].difference_update(gone)
            case AddItem(kind=kind, name=name, amount=amount):
                self._of(run.campaign)["items"].append((kind, name, amount))
            case _:
                raise AssertionError(wish)
        return Receipt("x")

    def meddled(self) -> None:
        """People have changed all that there is."""
        for one in self.campaigns:
            one["properties"] = dict.fromkeys(one["properties"], "theirs")
            one["assets"].clear()

    def _of(self, campaign: str | None) -> dict[str, Any]:
        return self.campaigns[int(campaign or "")]

    def _learn(self, subject: Subject | None) -> None:
        if subject is not None:
            campaign, kept = records.kept(subject)
            self.subject = records.subject({"campaign": campaign.encode(), records.KEPT: kept})
            assert self.subject == subject

    def shown(self) -> list[dict[str, Any]]:
        """All campaigns that are not archived."""
        live = [one for number, one in enumerate(self.campaigns) if str(number) not in self.archived]
        return [{**one, "items": sorted(one["items"])} for one in live]


def _stored(planned: Step, on: Run) -> Step:
    now = next((step for step in on.steps if step.name == planned.name), None)
    return msgspec.structs.replace(planned, state=now.state, at=now.at) if now else planned


def after(triggers: Sequence[Trigger], book: Recipes = BOOK) -> HubSpot:
    hubspot = HubSpot()
    for trigger in triggers:
        hubspot.take(plan(trigger, book, SENDER, trigger.id))
    return hubspot


def a_trigger(word: str, number: int, pages: Sequence[int] | None, costs: int) -> Trigger:
    data = {"name": f"name {number}", "costs": [f"cost {n}" for n in range(costs)]} | (
        {} if pages is None else {"pages": list(pages)}
    )
    return Trigger(type=f"product.{word}", id=f"e-{number}", subject="sku-1", sequence=number, time=number, data=data)


lives = st.lists(
    st.tuples(
        st.sampled_from(sorted(STAGES)),
        st.none() | st.lists(st.integers(1, 4), max_size=3, unique=True),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=7,
).map(lambda rows: [a_trigger(word, n, pages, costs) for n, (word, pages, costs) in enumerate(rows)])


@settings(deadline=None)  # the machine may be busy
@given(st.data(), lives)
def test_in_any_order_and_with_duplicates_a_life_ends_as_in_order(data: st.DataObject, life: list[Trigger]) -> None:
    twice = data.draw(st.lists(st.sampled_from(life), max_size=4))
    arrival = data.draw(st.permutations(life + twice))
    assert after(arrival).shown() == after(life).shown()


@settings(deadline=None)  # the machine may be busy
@given(st.data(), lives)
def test_mends_change_nothing_of_a_life_and_one_at_its_end_takes_back_what_people_did(
    data: st.DataObject, life: list[Trigger]
) -> None:
    mends = [Trigger(type=MEND, id=f"mend {n}", subject="sku-1", portal="acme", time=n) for n in range(len(life))]
    hubspot = HubSpot()
    for trigger in data.draw(st.permutations([*life, *mends])):
        hubspot.take(plan(trigger, BOOK, SENDER, trigger.id))
        if data.draw(st.booleans()):
            hubspot.meddled()
    hubspot.take(plan(mends[0], BOOK, SENDER, "the last"))
    assert hubspot.shown() == after(life).shown()


@settings(deadline=None)  # the machine may be busy
@given(st.data(), lives)
def test_what_comes_before_the_archiving_makes_nothing_after_it(data: st.DataObject, life: list[Trigger]) -> None:
    book = Recipes(
        [*BOOK.all, *read('[[recipes]]\non = "sku.dropped"\nportal = "acme"\ndo = "update"\narchive = true')]
    )
    dropped = Trigger(type="sku.dropped", id="dropped", subject="sku-1", sequence=99, time=99)
    arrival = data.draw(st.permutations([*life, dropped]))
    assert after(arrival, book).shown() == after([*life, dropped], book).shown() == []


def test_the_assets_are_brought_to_the_set_that_is_wanted_and_what_people_attached_stays() -> None:
    hubspot = after([a_trigger("launched", 1, [1, 2], 0)])
    hubspot.campaigns[0]["assets"].add(("FORM", "a person's"))
    later = plan(a_trigger("updated", 2, [2, 3], 0), BOOK, SENDER, "later")
    hubspot.take(later)
    pages = {("LANDING_PAGE", "2"), ("LANDING_PAGE", "3")}
    assert hubspot.campaigns[0]["assets"] == pages | {("FORM", "a person's")}


def test_a_trigger_without_the_list_says_nothing_about_assets() -> None:
    hubspot = after([a_trigger("launched", 1, [1], 0), a_trigger("updated", 2, None, 0)])
    assert hubspot.campaigns[0]["assets"] == {("FORM", "7"), ("LANDING_PAGE", "1")}
    hubspot = after([a_trigger("launched", 1, [1], 0), a_trigger("updated", 2, [], 0)])
    assert hubspot.campaigns[0]["assets"] == set()


def test_another_campaign_is_made_only_where_the_recipe_says_so() -> None:
    properties = 'properties = { hs_name = "{{ id }}" }'
    book = Recipes(
        read(
            f'[[recipes]]\non = "sku.born"\nportal = "acme"\n{properties}\n'
            f'[[recipes]]\non = "sku.reborn"\nportal = "acme"\ndo = "another"\n{properties}'
        )
    )
    one, two, reborn, three = (
        Trigger(type=f"sku.{word}", id=word + str(n), subject="sku-1", sequence=n, time=n)
        for n, word in enumerate(("born", "born", "reborn", "born"))
    )
    named = [one["properties"]["hs_name"] for one in after([one, two, reborn, three], book).shown()]
    assert named == ["born1", "born3"]


@pytest.mark.parametrize("kind", ["product", "event", "com.acme.product"])
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("launched", "in_progress"),
        ("scheduled", "planned"),
        ("updated", None),
        ("rescheduled", None),
        ("paused", "paused"),
        ("resumed", "in_progress"),
        ("retired", "completed"),
        ("ended", "completed"),
        ("cancelled", "paused"),
    ],
)
def test_the_last_word_of_the_type_decides_what_is_done_where_the_recipe_does_not(
    kind: str, word: str, status: str | None
) -> None:
    book = Recipes(read(f'[[recipes]]\non = "{kind}.*"\nportal = "acme"\nproperties = {{ hs_name = "x" }}'))
    trigger = Trigger(type=f"{kind}.{word}", subject="s", time=1, data={"reason": "rain"})
    wish = plan(trigger, book, SENDER, "k").steps[0].wish
    assert isinstance(wish, CreateCampaign if word in {"launched", "scheduled"} else UpdateCampaign)
    assert wish.properties.get("hs_campaign_status") == status
    assert wish.properties.get("hs_notes") == ("Cancelled on 1970-01-01: rain" if word == "cancelled" else None)


def test_there_is_an_example_for_every_stage_of_a_product_and_of_an_event() -> None:
    book = Recipes([recipe for path in EXAMPLES for recipe in read(path.read_text())])
    told = {kind for recipe in book.all for kind in recipe.types}
    assert {f"product.{word}" for word in STAGES} <= told
    assert {f"event.{word}" for word in STAGES} <= told
    without = [kind for kind in told if not (EXAMPLES[0].parent / f"{kind.replace('.', '-')}.json").exists()]
    assert without == []


def test_a_set_that_comes_with_nothing_else_new_is_learnt_and_an_older_one_attaches_nothing_then() -> None:
    newest, newer, older = (
        a_trigger("updated", 3, None, 0),
        a_trigger("updated", 2, [2, 3], 0),
        a_trigger("updated", 1, [1], 0),
    )
    hubspot = after([newest, newer, older])
    assert hubspot.campaigns[0]["assets"] == {("LANDING_PAGE", "2"), ("LANDING_PAGE", "3")}
