"""The oracle on made-up evidence: a world in which all went well, and one thing at a time that did not."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.evidence import Accepted, Campaign, Delivery, Evidence, Item, Row
from tests.chaos.oracle import judge, kinds
from tests.chaos.scene import Wanted
from tests.chaos.verdicts import (
    Died,
    Duplicate,
    Early,
    Lost,
    Misreported,
    OutOfOrder,
    Stuck,
    Unaccepted,
    Unasked,
    Unreported,
    Verdict,
    WrongAssets,
    WrongEnding,
    WrongItems,
    WrongName,
)

FIRST, SECOND = "a" * 32, "b" * 32
"""Two runs of one subject, the first accepted before the second."""


def wanted(sequence: int) -> Wanted:
    return Wanted(
        key=f"k{sequence}",
        subject="lamp",
        sequence=sequence,
        name=f"Lamp {sequence}",
        priority="normal",
        assets=(f"FORM {sequence}",),
        budget=((f"TV {sequence}", 5.0),),
        sent_at=(0.0,),
    )


def marker(run: str, attempt: int = 1) -> str:
    return f"[fanfare:{run}.{attempt}.{'d' * 32}]"


MADE = Campaign(
    id="c1",
    properties={"hs_name": "Lamp 2", "hs_notes": marker(FIRST)},
    archived=False,
    assets={"FORM": ["2"]},
    budget=[Item("TV 1", 5.0), Item("TV 2", 5.0)],
)
"""Made by the first run, changed by the second."""


def campaign(**different: object) -> Campaign:
    return msgspec.structs.replace(MADE, **different)


def named(name: str, run: str) -> dict[str, str]:
    return {"hs_name": name, "hs_notes": marker(run)}


MAKES = Row("POST", "/campaigns", marker(FIRST))
ATTACHES = tuple(Row("PUT", f"/campaigns/c1/assets/FORM/{number}", None) for number in (1, 2))
ADDS = tuple(Row("POST", "/campaigns/c1/budget", marker(run)) for run in (FIRST, SECOND))
CHANGES = Row("PATCH", "/campaigns/c1", None)

GOOD = Evidence(
    accepted=(Accepted(wanted(1), (FIRST,)), Accepted(wanted(2), (SECOND,))),
    runs={FIRST: "done", SECOND: "done"},
    campaigns=(MADE,),
    ledger=(MAKES, ATTACHES[0], ADDS[0], CHANGES, ATTACHES[1], ADDS[1]),
    deliveries=(Delivery(f"{FIRST}.1", FIRST, "done"), Delivery(f"{SECOND}.1", SECOND, "done")),
)


def judged(**different: object) -> tuple[Verdict, ...]:
    """What is wrong with a world that is good but for this."""
    return judge(msgspec.structs.replace(GOOD, **different))


def runs(**different: str) -> Mapping[str, str]:
    return {**GOOD.runs, **{FIRST if name == "first" else SECOND: status for name, status in different.items()}}


def test_a_world_in_which_every_promise_was_kept_is_good() -> None:
    assert judge(GOOD) == ()


def test_a_status_that_came_twice_under_one_id_is_good() -> None:
    assert judged(deliveries=GOOD.deliveries * 2) == ()


def test_a_ghost_that_was_removed_is_good() -> None:
    """Its row stands in the ledger, and so does its removal, after the next run has begun."""
    ghost = campaign(id="c9", archived=True)
    ledger = (MAKES, *GOOD.ledger, Row("DELETE", "/campaigns/c9", None))
    assert judged(campaigns=(MADE, ghost), ledger=ledger) == ()


@pytest.mark.parametrize("run", [FIRST, SECOND])
def test_a_second_campaign_of_a_subject_is_a_duplicate(run: str) -> None:
    second = campaign(id="c9", properties=named("Lamp 1", run))
    assert judged(campaigns=(MADE, second)) == (Duplicate("lamp", "campaign", ("c1", "c9")),)


def test_two_runs_for_one_key_are_a_duplicate() -> None:
    accepted = (Accepted(wanted(1), (FIRST, "c" * 32)), GOOD.accepted[1])
    assert judged(accepted=accepted) == (Duplicate("k1", "run", (FIRST, "c" * 32)),)


def test_an_item_that_stands_twice_is_a_duplicate() -> None:
    twice = campaign(budget=[*MADE.budget, MADE.budget[0]])
    assert judged(campaigns=(twice,)) == (Duplicate("lamp", "item", ("TV 1 5",)),)


def test_runs_that_are_done_without_a_campaign_are_lost() -> None:
    assert judged(campaigns=()) == (Lost("k1", FIRST), Lost("k2", SECOND))


def test_a_run_that_the_service_does_not_know_is_lost() -> None:
    assert judged(runs={SECOND: "done"}) == (Lost("k1", FIRST),)


@pytest.mark.parametrize("status", ["held", "waiting", "running"])
def test_a_run_that_has_not_ended_is_stuck_and_owes_no_status(status: str) -> None:
    assert judged(runs=runs(second=status), deliveries=GOOD.deliveries[:1]) == (Stuck("k2", SECOND, status),)


def test_a_run_that_failed_for_no_reason_of_its_own_ended_wrong() -> None:
    failed = (GOOD.deliveries[0], Delivery(f"{SECOND}.1", SECOND, "failed"))
    assert judged(runs=runs(second="failed"), deliveries=failed) == (WrongEnding("k2", SECOND, "failed"),)


def test_a_trigger_without_a_202_is_said_with_its_reason() -> None:
    assert judged(refused={"k3": "422"}) == (Unaccepted("k3", "422"),)


def test_a_missing_asset_and_one_that_nobody_planned_are_said() -> None:
    assert judged(campaigns=(campaign(assets={"CTA": ["7"]}),)) == (WrongAssets("lamp", ("FORM 2",), ("CTA 7",)),)


def test_assets_of_an_earlier_trigger_that_stay_beside_the_last_ones_came_out_of_order() -> None:
    assert judged(campaigns=(campaign(assets={"FORM": ["1", "2"]}),)) == (OutOfOrder("lamp", "k1", "k2"),)


def test_an_item_of_another_amount_is_a_missing_one() -> None:
    other = campaign(budget=[Item("TV 1", 5.0), Item("TV 2", 6.0)])
    assert judged(campaigns=(other,)) == (WrongItems("lamp", ("TV 2 5",), ("TV 2 6",)),)


def test_a_name_that_nobody_gave_is_said() -> None:
    assert judged(campaigns=(campaign(properties=named("Chair", FIRST)),)) == (WrongName("lamp", "Chair"),)


def test_a_status_that_never_came_is_said() -> None:
    assert judged(deliveries=GOOD.deliveries[:1]) == (Unreported("k2", SECOND),)


@pytest.mark.parametrize(
    "second", [Delivery(f"{SECOND}.2", SECOND, "done"), Delivery(f"{SECOND}.1", SECOND, "failed")], ids=["id", "status"]
)
def test_a_status_under_a_second_id_or_another_status_is_said(second: Delivery) -> None:
    told = (f"{SECOND}.1 done", f"{second.webhook_id} {second.status}")
    assert judged(deliveries=(*GOOD.deliveries, second)) == (Misreported("k2", told),)


@pytest.mark.parametrize("notes", [marker("f" * 32), "by hand"])
def test_a_campaign_without_a_wish_is_said(notes: str) -> None:
    nobodys = campaign(id="c9", properties={"hs_name": "Chair", "hs_notes": notes})
    assert judged(campaigns=(MADE, nobodys)) == (Unasked("c9", "Chair"),)


def test_a_program_that_ended_by_itself_is_said() -> None:
    assert judged(deaths=("service ended with 1",)) == (Died("service ended with 1"),)


def test_a_campaign_that_bears_an_earlier_name_was_changed_out_of_order() -> None:
    assert judged(campaigns=(campaign(properties=named("Lamp 1", FIRST)),)) == (OutOfOrder("lamp", "k1", "k2"),)


@pytest.mark.parametrize(("time", "verdicts"), [(99.75, (Early("k1", 0.25),)), (100.0, ())])
def test_a_held_trigger_that_reaches_hubspot_before_its_time_is_early(time: float, verdicts: object) -> None:
    held = msgspec.structs.replace(GOOD.accepted[0], notbefore=100.0)
    ledger = tuple(msgspec.structs.replace(row, time=time + place) for place, row in enumerate(GOOD.ledger))
    assert judged(accepted=(held, GOOD.accepted[1]), ledger=ledger) == verdicts


def test_runs_of_different_subjects_have_no_order() -> None:
    chair = msgspec.structs.replace(wanted(2), subject="chair")
    lamp = campaign(properties=named("Lamp 1", FIRST), assets={"FORM": ["1"]}, budget=[MADE.budget[0]])
    other = campaign(id="c2", properties=named("Lamp 2", SECOND), assets={"FORM": ["2"]}, budget=[MADE.budget[1]])
    good = {"accepted": (GOOD.accepted[0], Accepted(chair, (SECOND,))), "campaigns": (lamp, other)}
    assert judged(**good, ledger=GOOD.ledger[::-1]) == ()


@given(st.permutations(GOOD.ledger))
def test_however_the_rows_of_two_runs_are_mixed_only_one_order_is_right(mixed: list[Row]) -> None:
    """A change of properties says nothing about whose it is, and may stand anywhere."""
    of_first = {MAKES, ATTACHES[0], ADDS[0]}
    whose = [row in of_first for row in mixed if row != CHANGES]
    assert (kinds(judged(ledger=tuple(mixed))) == {}) == (whose == sorted(whose, reverse=True))
