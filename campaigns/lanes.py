"""The order of runs in a lane, those of one subject on one portal, and what of a late run is stale. Pure."""

from typing import Final

import msgspec

from campaigns.errors import Invalid
from campaigns.model import Run, Step, Subject
from campaigns.states import Done, Pending, Receipt, Sent, Waiting
from campaigns.wishes import AttachAsset, CreateCampaign, UpdateCampaign

MOST_SEQUENCE: Final = 2**53
"""The largest whole number that every JSON reader keeps exactly (RFC 8259, section 6)."""

SEQUENCE_DIGITS: Final = 16
TIME_DIGITS: Final = 14
"""Milliseconds since the epoch: enough until the year 5138."""


def order(sequence: int, time: int | None) -> str:
    """The beginning of a run's order, which compares as text as (sequence, time) compares as numbers.

    The time of a trigger without one is its acceptance: the script that accepts it fills it in, and appends the
    number of the acceptance in any case, so that the order is one tuple (sequence, time, acceptance).

    Raises:
        Invalid: a sequence or time that cannot be ordered.

    """
    if not 0 <= sequence <= MOST_SEQUENCE:
        raise Invalid(f"sequence must be between 0 and {MOST_SEQUENCE}")
    if time is None:
        return f"{sequence:0{SEQUENCE_DIGITS}d}."
    if not 0 <= time < 10**TIME_DIGITS:
        raise Invalid("time must be between 1970 and 5138")
    return f"{sequence:0{SEQUENCE_DIGITS}d}.{time:0{TIME_DIGITS}d}"


def resolve(run: Run, order: str, subject: Subject) -> Run:
    """The run with what it still has to do, now that its turn in the lane has come.

    A subject has one campaign: a create for a subject that has one becomes an update, an update for one that has none a
    create. A run that comes late sets only what nothing newer has set; what is stale counts as done, superseded.

    Args:
        run: as planned.
        order: its place in the order of the lane.
        subject: what is kept of its subject.

    """
    if run.subject is None:
        return run
    head, *rest = run.steps
    steps = (_campaign(head, order, subject), *(_asset(step, order, subject) for step in rest))
    return msgspec.structs.replace(run, steps=steps)


def _campaign(step: Step, order: str, subject: Subject) -> Step:
    wish = step.wish
    if not isinstance(wish, CreateCampaign | UpdateCampaign):
        return step
    match step.state:
        case Sent(makes=True):
            return _with(step, CreateCampaign(wish.properties))
        case Pending() | Waiting() | Sent():
            if subject.campaign is None:
                makes = isinstance(wish, CreateCampaign) or wish.upsert
                return _with(step, CreateCampaign(wish.properties)) if makes else step
            fresh = {name: value for name, value in wish.properties.items() if subject.orders.get(name, "") <= order}
            if wish.properties and not fresh:
                return _superseded(step, subject.campaign)
            return _with(step, UpdateCampaign(fresh))
        case _:
            return step


def _asset(step: Step, order: str, subject: Subject) -> Step:
    if isinstance(step.wish, AttachAsset) and isinstance(step.state, Pending) and subject.assets > order:
        return _superseded(step, step.wish.id)
    return step


def _with(step: Step, wish: CreateCampaign | UpdateCampaign) -> Step:
    return msgspec.structs.replace(step, wish=wish)


def _superseded(step: Step, told: str) -> Step:
    return msgspec.structs.replace(step, state=Done(Receipt(told, superseded=True)))
