"""What a run does next, decided from its steps and the time alone; `workers.serve` acts on it."""

from typing import assert_never

import msgspec

from campaigns.model import Ending, Run, Step
from campaigns.states import Done, Failed, Pending, Sent, Waiting
from campaigns.wishes import AddItem, AttachAsset, CreateCampaign, UpdateCampaign, Wish


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
        case AttachAsset() | UpdateCampaign():
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

    Args:
        run: the run with its steps as stored.
        now: Redis's time.
        settle: the settle window of the portal.

    """
    for step in run.steps:
        match step.state:
            case Done():
                continue
            case Failed() if not step.required:
                continue
            case Failed():
                return Finish("failed")
            case Pending():
                return Do(step)
            case Waiting(span=span):
                return Do(step) if now >= step.at + span else Wait(step.at + span)
            case Sent() as sent:
                return _in_doubt(step, sent, now, settle)
            case _:
                assert_never(step.state)
    return Finish(_ending(run))


def _ending(run: Run) -> Ending:
    """How a run ends whose steps are all over."""
    states = [step.state for step in run.steps]
    if any(isinstance(state, Failed) for state in states):
        return "partial"
    if all(isinstance(state, Done) and state.receipt.superseded for state in states):
        return "superseded"
    return "done"


def _in_doubt(step: Step, sent: Sent, now: int, settle: int) -> Move:
    settled = settled_at(step, sent, settle)
    if not repeatable(step.wish):
        return Reconcile(step, conclusive=now >= settled)
    # Repeating a change while the first may still be on its way could undo a later run's change.
    return Do(step) if now >= settled else Wait(settled)
