from datetime import UTC, datetime

import msgspec
import pytest

from campaigns.errors import Problem
from campaigns.model import Place, Stored
from campaigns.states import Done, Failed, Receipt, Sent, State, Waiting
from service.views import StepView, run_view, runs_view
from tests.builders import a_run

NOON = 1_772_362_800_000
AT_NOON = datetime(2026, 3, 1, 11, tzinfo=UTC)
BROKEN = Problem("the name is taken", status=409)


def stored(place: Place = "line", *, until: int | None = None) -> Stored:
    return Stored(a_run("k-1", subject="sku-1"), place, version=1, accepted=NOON, until=until)


def test_a_fresh_run_waits_and_nothing_is_said_of_a_campaign() -> None:
    view = run_view(stored())
    assert (view.status, view.accepted, view.ended, view.campaign) == ("waiting", AT_NOON, None, None)
    assert (view.subject, view.trigger.subject, view.trigger.id) == ("sku-1", "sku-1", None)
    assert view.steps[0] == StepView("create_campaign", "pending", None, None, None)


@pytest.mark.parametrize("place", ["held", "lane", "line", "waiting", "flight"])
def test_an_open_run_says_why_it_is_not_done(place: Place) -> None:
    view = run_view(stored(place, until=NOON))
    assert view.why
    assert view.until == AT_NOON


def test_a_run_in_line_says_where_to_look_whether_its_portal_goes_on() -> None:
    assert run_view(stored("line")).why == (
        "in its portal's line; GET /v1/portals says whether that is paused or in trouble"
    )


def test_an_ended_run_says_when_and_how_and_has_nothing_to_wait_for() -> None:
    run = a_run("k-1").with_state("create_campaign", Done(Receipt("c-1")), NOON)
    view = run_view(Stored(run, "ended", version=2, accepted=NOON, ending="done", ended=NOON))
    assert (view.status, view.ended, view.why, view.until) == ("done", AT_NOON, None, None)
    assert view.campaign is not None
    assert (view.campaign.id, view.campaign.name) == ("c-1", "Launch k-1")


@pytest.mark.parametrize(
    ("state", "seen"),
    [
        (Sent(10_000), StepView("create_campaign", "sent", AT_NOON, None, None)),
        (Waiting(5, 1, NOON, BROKEN), StepView("create_campaign", "waiting", AT_NOON, BROKEN, None)),
        (Failed(BROKEN), StepView("create_campaign", "failed", AT_NOON, BROKEN, None)),
        (Done(Receipt("c-1")), StepView("create_campaign", "done", AT_NOON, None, Receipt("c-1"))),
    ],
)
def test_a_step_tells_its_state_and_what_came_of_it(state: State, seen: StepView) -> None:
    run = a_run("k-1").with_state("create_campaign", state, NOON)
    assert run_view(Stored(run, "flight", version=2, accepted=NOON)).steps[0] == seen


def test_a_page_names_the_next_one() -> None:
    assert runs_view([stored()], 7).next == "7"
    assert runs_view([], None).next is None


def test_a_run_held_by_its_recipes_cap_says_so_and_one_that_is_to_end_says_that() -> None:
    run = msgspec.structs.replace(a_run("k-1"), max_creates_per_hour=500)
    held = run_view(Stored(run, "held", version=1, accepted=NOON, until=NOON, over=True))
    assert held.why == "its recipe makes at most 500 campaigns an hour (max_creates_per_hour)"
    ending = run_view(Stored(msgspec.structs.replace(run, cancel="undo"), "line", version=1, accepted=NOON))
    assert ending.why == "it is being cancelled; what it has made is undone"
