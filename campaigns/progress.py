"""What a run does next, decided from its steps and the time alone; `workers.serve` acts on it."""

from typing import assert_never

import msgspec

from campaigns.model import Ending, Run, Step
from campaigns.states import Done, Failed, Pending, Sent, Waiting
from campaigns.wishes import (
    AddItem,
    ArchiveCampaign,
    AttachAsset,
    CreateCampaign,
    DetachAssets,
    MendAssets,
    Undo,
    UpdateCampaign,
    Wish,
)


class Do(msgspec.Struct, frozen=True):
    """Send the step's call."""

    step: Step


class Reconcile(msgspec.Struct, frozen=True):
    """Look in HubSpot what became of the step's call.

    Attributes:
        conclusive: whether "not there" may be believed: the call has ended and HubSpot has had the settle window.

    """

    step: Step
    conclusive: bool


class Wait(msgspec.Struct, frozen=True):
    """Nothing can be done before *until*."""

    until: int


class Finish(msgspec.Struct, frozen=True):
    """The run has ended."""

    ending: Ending


Move = Do | Reconcile | Wait | Finish


def repeatable(wish: Wish) -> bool:
    """Whether sending the call twice has the same effect as sending it once."""
    match wish:
        case AttachAsset() | DetachAssets() | MendAssets() | UpdateCampaign() | ArchiveCampaign() | Undo():
            return True
        case CreateCampaign() | AddItem():
            return False
        case _:
            assert_never(wish)


def settled_at(step: Step, sent: Sent, settle: int) -> int:
    """When a call whose answer is missing has surely ended and its effect, if any, can be seen."""
    return step.at + sent.lasts + settle


def next_move(run: Run, now: int, settle: int) -> Move:
    """The next move of *run*: steps go one after the other, and nothing is begun past a step in doubt.

    A cancelled run begins nothing new: what is in doubt is looked up, what is to be undone is undone, then it ends.

    Args:
        run: the run with its steps as stored, and those `with_undoing` adds.
        now: Redis's time.
        settle: the settle window of the portal.

    """
    for step in run.steps:
        match step.state:
            case Done():
                continue
            case Failed() if not step.required or run.cancel:
                continue
            case Pending() | Waiting() if run.cancel and not isinstance(step.wish, Undo):
                continue
            case Failed():
                return Finish("failed")
            case Pending():
                return Do(step)
            case Waiting(span=span):
                return Do(step) if now >= step.at + span else Wait(step.at + span)
            case Sent() as sent:
                return _in_doubt(run, step, sent, now, settle)
            case _:
                assert_never(step.state)
    return Finish("cancelled" if run.cancel else _ending(run))


def _ending(run: Run) -> Ending:
    """How a run ends whose steps are all over."""
    states = [step.state for step in run.steps]
    if any(isinstance(state, Failed) for state in states):
        return "partial"
    if all(isinstance(state, Done) and state.receipt.superseded for state in states):
        return "superseded"
    return "done"


def _in_doubt(run: Run, step: Step, sent: Sent, now: int, settle: int) -> Move:
    settled = settled_at(step, sent, settle)
    if not repeatable(step.wish) or (run.cancel and not isinstance(step.wish, Undo)):
        return Reconcile(step, conclusive=now >= settled)
    # Repeating a change while the first may still be on its way could undo a later run's change.
    return Do(step) if now >= settled else Wait(settled)


def with_undoing(run: Run) -> Run:
    """The run with a step for all that it has done and that is to be undone: what was done last goes first."""
    if run.cancel != "undo":
        return run
    begun = {step.name: step for step in run.steps}
    wishes = [Undo(step.name) for step in reversed(planned(run)) if has_done(step)]
    undoing = (begun.get(wish.step) or Step(wish.step, wish, required=False) for wish in wishes)
    return msgspec.structs.replace(run, steps=(*planned(run), *undoing))


def with_end(run: Run, at: int) -> Run:
    """The run that ended at that time, which is also the time of what was done with its end."""
    replace = msgspec.structs.replace
    steps = (replace(one, at=at) if isinstance(one.state, Done) and not one.at else one for one in run.steps)
    return replace(run, steps=tuple(steps))


def planned(run: Run) -> tuple[Step, ...]:
    """The steps of the plan, without those that undo them."""
    return tuple(step for step in run.steps if not isinstance(step.wish, Undo))


def has_done(step: Step) -> bool:
    """Whether the step has changed something in HubSpot, for all that its receipt tells."""
    return isinstance(step.state, Done) and not step.state.receipt.superseded


def why_left(run: Run, step: Step) -> str | None:
    """Why what the step has done is not undone, as the receipts of *run* tell.

    None: they say that the run made it. It may be removed if HubSpot, too, shows it to be this run's and nobody else's.
    """
    if isinstance(step.wish, ArchiveCampaign | DetachAssets):
        return "left: what was archived or detached is not brought back"
    if isinstance(step.wish, MendAssets):
        return "left: what was mended stays so"
    head = run.steps[0].state
    if isinstance(head, Done) and head.receipt.changed:
        if isinstance(step.wish, CreateCampaign | UpdateCampaign):
            return "left: the campaign was there before this run, and what it changed is not set back"
        if isinstance(step.wish, AttachAsset):
            return "left: the campaign is not this run's, so the asset may have been there before"
    return None


def can_be_undone(run: Run) -> bool:
    """Whether there is something that the run has made and that is still to be removed."""
    gone = {step.name for step in run.steps if isinstance(step.state, Done)}
    steps = planned(run)
    return any(has_done(one) and why_left(run, one) is None and Undo(one.name).step not in gone for one in steps)
