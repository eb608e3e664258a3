"""What callers see of a run. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, assert_never

import msgspec

from campaigns.errors import Problem
from campaigns.model import Run, Status, Step, Stored, Trigger
from campaigns.states import Done, Failed, Pending, Receipt, Sent, State, Waiting


class TriggerView(msgspec.Struct, frozen=True):
    """The trigger, as far as it names itself."""

    type: str
    source: str | None
    id: str | None
    subject: str | None
    traceparent: str | None


class CampaignView(msgspec.Struct, frozen=True):
    """The campaign in HubSpot: its id there, and the name that it was given."""

    id: str
    name: str


class StepView(msgspec.Struct, frozen=True):
    """A step, since when it is in its state, why its last call failed, and what HubSpot gave."""

    name: str
    state: str
    at: datetime | None
    problem: Problem | None
    receipt: Receipt | None


class AppliedView(msgspec.Struct, frozen=True):
    """What an operator has done to a run, when, and which caller that was."""

    at: datetime
    verb: str
    by: str


class RunView(msgspec.Struct, frozen=True):
    """A run.

    Attributes:
        why: what an open run waits for, in words for a person.
        until: when it goes on, if that is known.

    """

    id: str
    status: Status
    caller: str
    trigger: TriggerView
    recipe: str
    portal: str
    subject: str | None
    campaign: CampaignView | None
    accepted: datetime
    ended: datetime | None
    why: str | None
    until: datetime | None
    steps: tuple[StepView, ...]
    history: tuple[AppliedView, ...]


class RunsView(msgspec.Struct, frozen=True):
    """A page of runs, newest first; *next* is the `after` of the page behind it, null at the end."""

    runs: tuple[RunView, ...]
    next: str | None


_AND: Final = {"leave": "what it has made is left", "undo": "what it has made is undone"}


def run_view(stored: Stored) -> RunView:
    """The run as its caller sees it."""
    run, trigger = stored.run, stored.run.trigger
    return RunView(
        id=run.id,
        status=stored.status,
        caller=run.caller,
        trigger=_trigger(trigger),
        recipe=run.recipe,
        portal=run.portal,
        subject=run.subject,
        campaign=_campaign(run),
        accepted=time_of(stored.accepted),
        ended=None if stored.ended is None else time_of(stored.ended),
        why=_why(stored),
        until=None if stored.until is None else time_of(stored.until),
        steps=tuple(_step(step) for step in run.steps),
        history=tuple(AppliedView(time_of(one.at), one.verb, one.by) for one in stored.history),
    )


def runs_view(stored: Sequence[Stored], after: int | None) -> RunsView:
    """A page of runs."""
    return RunsView(tuple(run_view(one) for one in stored), None if after is None else str(after))


def _trigger(trigger: Trigger) -> TriggerView:
    source, identity = trigger.source or None, trigger.id or None
    return TriggerView(trigger.type, source, identity, trigger.subject, trigger.traceparent)


def _campaign(run: Run) -> CampaignView | None:
    if run.campaign is None:
        return None
    return CampaignView(run.campaign, run.campaign_name)


def _step(step: Step) -> StepView:
    name, problem, receipt = _state(step.state)
    return StepView(step.name, name, time_of(step.at) if step.at else None, problem, receipt)


def _state(state: State) -> tuple[str, Problem | None, Receipt | None]:
    match state:
        case Pending():
            return "pending", None, None
        case Sent():
            return "sent", None, None
        case Waiting(problem=problem):
            return "waiting", problem, None
        case Done(receipt=receipt):
            return "done", None, receipt
        case Failed(problem=problem):
            return "failed", problem, None
        case _:
            assert_never(state)


def _why(stored: Stored) -> str | None:
    if stored.run.cancel and stored.ending is None:
        return "it is being cancelled; " + _AND[stored.run.cancel]
    if stored.replaced and stored.ending is None:
        return "a newer trigger for its subject has taken its place"
    return _why_there(stored)


def _why_there(stored: Stored) -> str | None:
    match stored.place:
        case "held":
            most = stored.run.max_creates_per_hour
            over = f"its recipe makes at most {most} campaigns an hour (max_creates_per_hour)"
            return over if stored.over else "held until its notbefore"
        case "lane":
            return "behind another run for its subject"
        case "line":
            return "in its portal's line; GET /v1/portals says whether that is paused or in trouble"
        case "waiting":
            return "a step is asked for again, or looked up, when HubSpot has had its time"
        case "flight":
            return "its steps are being carried out"
        case "ended":
            return None
        case _:
            assert_never(stored.place)


def time_of(milliseconds: int) -> datetime:
    """A time of Redis's as callers see it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
