"""What a cancelled run still does, and what of its making may be removed."""

from collections.abc import Callable
from math import inf
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import Later, Problem
from campaigns.hubspot.types import Asset, CampaignWithAssets, Item, Page, Totals
from campaigns.model import Ending, Made, Run, Stored
from campaigns.progress import Do, Finish, Reconcile, can_be_undone, next_move, why_left, with_undoing
from campaigns.signing import Signing, marker_of
from campaigns.states import Done, Failed, Pending, Receipt, Sent, State, Waiting
from campaigns.store import records
from campaigns.store.verbs import objection
from campaigns.wishes import AddItem, AttachAsset, CreateCampaign, Undo
from tests.builders import a_run
from workers.by_id import Reads, Removals
from workers.calls import Calls, Departed, Steps
from workers.ranks import Ranks
from workers.undo import Undoing, undo, why_kept

NOW, SETTLE = 1_000_000, 5_000
PROBLEM = Problem("no")
DONE = Done(Receipt("c-1"))
WAITING = Waiting(span=1, tries=1, since=1, problem=PROBLEM)
NOTES = Signing()
PROPERTIES = {"hs_name": "Lamp", "hs_campaign_status": "planned"}

states = st.sampled_from([Pending(), Sent(lasts=1_000), WAITING, DONE, Failed(PROBLEM)])


def a_cancelled_run(cancel: Made, *told: State) -> Run:
    run = a_run("k", CreateCampaign(PROPERTIES), *(AttachAsset("FORM", str(n)) for n in range(len(told) - 1)))
    for step, state in zip(run.steps, told, strict=True):
        run = run.with_state(step.name, state, NOW - 100_000)
    return with_undoing(msgspec.structs.replace(run, cancel=cancel))


def shown(run: Run, **changes: str) -> CampaignWithAssets:
    """The run's campaign as HubSpot shows it: as it was made, but for *changes*."""
    return CampaignWithAssets("c-1", {**NOTES.signed(PROPERTIES, marker_of(run, 5)), **changes})


@pytest.mark.parametrize("state", [Pending(), WAITING, Failed(PROBLEM)])
def test_a_cancelled_run_begins_nothing_and_ends(state: State) -> None:
    assert next_move(a_cancelled_run("leave", DONE, state), NOW, SETTLE) == Finish("cancelled")


@pytest.mark.parametrize("cancel", ["leave", "undo"])
def test_whatever_is_in_doubt_is_looked_up_before_a_run_is_cancelled_or_undone(cancel: Made) -> None:
    run = a_cancelled_run(cancel, DONE, Sent(lasts=1_000))
    assert next_move(run, NOW, SETTLE) == Reconcile(run.steps[1], conclusive=True)


@pytest.mark.parametrize(
    ("ending", "state", "told"),
    [
        ("done", DONE, 'the run has ended: done; {"made": "undo"} removes what it has made'),
        ("partial", DONE, 'the run has ended: partial; {"made": "undo"} removes what it has made'),
        ("failed", Failed(PROBLEM), "the run has ended: failed"),
        ("done", Done(Receipt("c-1", changed=True)), "the run has ended: done"),
    ],
)
def test_whoever_cancels_what_has_ended_hears_of_undo_where_there_is_something_to_undo(
    ending: Ending, state: State, told: str
) -> None:
    run = a_run("k", CreateCampaign(PROPERTIES)).with_state("create_campaign", state, NOW)
    assert objection(Stored(run, "ended", version=1, accepted=NOW, ending=ending), "cancel") == told


def test_what_was_done_last_is_undone_first_also_what_was_in_doubt_a_moment_ago() -> None:
    run = a_cancelled_run("undo", DONE, DONE, Sent(lasts=1_000))
    run = with_undoing(run.with_state("attach_asset FORM 1", DONE, NOW))
    assert [step.name for step in run.steps[3:]] == [
        "undo attach_asset FORM 1",
        "undo attach_asset FORM 0",
        "undo create_campaign",
    ]


def test_what_is_left_does_not_keep_the_rest_from_being_undone() -> None:
    run = a_cancelled_run("undo", DONE, DONE).with_state("undo attach_asset FORM 0", Failed(PROBLEM), NOW)
    assert next_move(run, NOW, SETTLE) == Do(run.step("undo create_campaign"))
    assert next_move(run.with_state("undo create_campaign", DONE, NOW), NOW, SETTLE) == Finish("cancelled")


@given(st.lists(states, min_size=1, max_size=5), st.sampled_from(["leave", "undo"]))
def test_a_cancelled_run_only_ever_does_what_undoes_something_done(told: list[State], cancel: Made) -> None:
    run = a_cancelled_run(cancel, *told)
    move = next_move(run, NOW, SETTLE)
    if isinstance(move, Do):
        assert cancel == "undo"
        assert isinstance(move.step.wish, Undo)
        assert isinstance(run.step(move.step.wish.of).state, Done)
        assert not any(isinstance(state, Sent) for state in told)


@given(st.lists(states, min_size=1, max_size=5), st.sampled_from(["leave", "undo"]))
def test_no_two_steps_share_a_field(told: list[State], cancel: Made) -> None:
    fields = records.fields_of(a_cancelled_run(cancel, *told))
    assert len(set(fields.values())) == len(fields)


def test_a_campaign_that_was_there_before_is_left_with_what_was_attached_to_it_but_not_with_our_items() -> None:
    run = a_run("k", CreateCampaign(PROPERTIES), AttachAsset("FORM", "1"), AddItem("budget", "Ads", 1.0, 0))
    for step in run.steps:
        run = run.with_state(step.name, Done(Receipt("1", changed=step is run.steps[0])), NOW)
    assert [why_left(run, step) is None for step in run.steps] == [False, False, True]


def test_what_a_newer_run_had_set_was_not_done_and_is_not_undone() -> None:
    assert not can_be_undone(a_cancelled_run("leave", Done(Receipt("c-1", superseded=True))))
    assert can_be_undone(a_cancelled_run("leave", DONE))


def test_what_is_undone_cannot_be_undone_again_but_what_was_left_can() -> None:
    run = a_cancelled_run("undo", DONE)
    assert not can_be_undone(run.with_state("undo create_campaign", DONE, NOW))
    assert can_be_undone(run.with_state("undo create_campaign", Failed(PROBLEM), NOW))


def test_a_campaign_as_it_was_made_may_go() -> None:
    run = a_run("k")
    assert why_kept(NOTES, run, PROPERTIES, shown(run), Totals()) is None
    assert why_kept(NOTES, run, PROPERTIES, shown(run, hs_campaign_status="PLANNED", hs_name=" Lamp"), Totals()) is None


@pytest.mark.parametrize("changes", [{"hs_notes": ""}, {"hs_notes": str(marker_of(a_run("other"), 5))}])
def test_a_campaign_without_the_runs_own_marker_stays(changes: dict[str, str]) -> None:
    run = a_run("k")
    assert "marker" in (why_kept(NOTES, run, PROPERTIES, shown(run, **changes), Totals()) or "")


def test_a_campaign_that_is_used_or_edited_stays() -> None:
    run = a_run("k")
    used = CampaignWithAssets("c-1", shown(run).properties, assets={"FORM": Page((Asset("7"),))})
    assert why_kept(NOTES, run, PROPERTIES, used, Totals()) == "left: it has assets"
    assert "items" in (why_kept(NOTES, run, PROPERTIES, shown(run), Totals(spend_items=(Item("1"),))) or "")
    for name in ("hs_name", "hs_campaign_status"):
        edited = why_kept(NOTES, run, PROPERTIES, shown(run, **{name: "x"}), Totals())
        assert edited == f"left: somebody has edited {name}"


class Granting:
    """The ways to a HubSpot that grants every removal and makes none."""

    ranks = Ranks()

    async def read(self, campaign: str, *_: object) -> CampaignWithAssets:
        return CampaignWithAssets(campaign, assets={"FORM": Page((Asset("0"),))})

    async def depart(self, _: int, gather: Callable[[], Steps]) -> Departed:
        return Departed(5, gather(), "place", 0, inf)

    async def carry(self, _departed: object, _request: object) -> None:
        return None


async def test_a_removal_that_hubspot_grants_and_does_not_make_counts_as_not_made() -> None:
    run = a_cancelled_run("undo", DONE, DONE)
    step = run.step("undo attach_asset FORM 0")
    granting = Granting()
    ways = Undoing(cast("Calls", granting), cast("Reads", granting), cast("Removals", granting), NOTES)
    came = await undo(ways, run, step, Undo("attach_asset FORM 0"), Sent(1))
    assert isinstance(came.outcome, Later)
