"""What is kept of a subject once a run's campaign step is done."""

import pytest

from campaigns.model import Subject
from campaigns.states import Done, Receipt
from campaigns.store.subject_changes import changes
from campaigns.wishes import ArchiveCampaign, AttachAsset, CreateCampaign, UpdateCampaign, Wish
from tests.builders import a_run

BEFORE = Subject(
    campaign="c-1",
    marker="first",
    orders={"hs_name": "1", "hs_utm": "1"},
    values={"hs_name": "A", "hs_utm": "spring"},
    assets="1",
    wanted=(("FORM", "1"),),
)


def after(receipt: Receipt, *wishes: Wish, before: Subject = BEFORE, marker: str = "") -> Subject | None:
    run = a_run("k", *wishes, subject="lamp")
    return changes(run.with_state(run.steps[0].name, Done(receipt), 1), run, "2", marker, before)


def test_what_a_run_has_set_is_wanted_from_then_on_and_by_which_run() -> None:
    known = after(Receipt("c-1", changed=True), UpdateCampaign({"hs_name": "B"}), AttachAsset("FORM", "2"))
    assert known == Subject(
        campaign="c-1",
        marker="first",
        orders={"hs_name": "2", "hs_utm": "1"},
        values={"hs_name": "B", "hs_utm": "spring"},
        assets="2",
        wanted=(("FORM", "2"),),
        gone=(("FORM", "1"),),
    )


def test_a_new_campaign_is_wanted_to_have_only_what_its_own_run_has_set() -> None:
    known = after(Receipt("c-2"), CreateCampaign({"hs_name": "B"}, another=True), marker="second")
    assert known == Subject(
        campaign="c-2",
        marker="second",
        orders={"hs_name": "2", "hs_utm": "1"},
        values={"hs_name": "B"},
        assets="1",
    )


def test_a_name_that_was_numbered_is_the_one_that_is_wanted() -> None:
    known = after(Receipt("c-2", name="B (2)"), CreateCampaign({"hs_name": "B"}, taken="number"), before=Subject())
    assert known is not None
    assert known.values == {"hs_name": "B (2)"}


def test_an_archived_campaign_is_the_subjects_no_more_and_the_orders_stay() -> None:
    known = after(Receipt("c-1", changed=True), ArchiveCampaign())
    assert known is not None
    assert (known.campaign, known.archived, known.orders) == (None, "2", BEFORE.orders)


@pytest.mark.parametrize(
    ("wish", "before"),
    [
        (CreateCampaign({"hs_name": "B"}, another=True), Subject(assets="3")),
        (AttachAsset("FORM", "1"), Subject()),
    ],
)
def test_a_late_campaign_and_what_is_none_change_nothing(wish: Wish, before: Subject) -> None:
    assert after(Receipt("c-2"), wish, before=before) is None
