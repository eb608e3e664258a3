"""The order of runs in a lane, those of one subject on one portal, and what of a late run is stale. Pure."""

from typing import Final

import msgspec

from campaigns.errors import Invalid
from campaigns.model import Run, Step, Subject
from campaigns.states import Done, Pending, Receipt, Sent, Waiting
from campaigns.wishes import ArchiveCampaign, AttachAsset, CreateCampaign, DetachAssets, MendAssets, UpdateCampaign

DETACH: Final = "detach_assets"
"""What the step is called that detaches assets."""

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
    create. A run that comes late sets only what nothing newer has set; what is stale counts as done, superseded. Assets
    that an earlier set named and this run's does not are to be detached; where there are none, there is no such step.
    A run that mends is never late: it brings back what others have set, whenever that was.

    Args:
        run: as planned.
        order: its place in the order of the lane.
        subject: what is kept of its subject.

    """
    if run.subject is None:
        return run
    if mends(run):
        steps = tuple(_mending(step, subject) for step in run.steps)
    elif subject.archived > order:
        steps = tuple(
            _superseded(step, subject.campaign or "") if isinstance(step.state, Pending) else step for step in run.steps
        )
    else:
        head, *rest = run.steps
        resolved = _campaign(head, run, order, subject)
        makes = isinstance(resolved.wish, CreateCampaign) and not isinstance(resolved.state, Done)
        others = (_other(step, run, order, subject, makes=makes) for step in rest)
        steps = (resolved, *(step for step in others if step is not None))
    return msgspec.structs.replace(run, steps=steps)


def replaced(run: Run) -> Run:
    """The run with nothing left to do: while it was held, a newer trigger for its subject took its place."""
    return msgspec.structs.replace(run, steps=tuple(_superseded(step, "") for step in run.steps))


def whole(run: Run) -> Run:
    """An ended run as it was planned: with the step that `resolve` leaves out where there is nothing to detach."""
    named = [step.wish for step in run.steps]
    left_out = run.subject is not None and names_assets(run) and not any(isinstance(one, DetachAssets) for one in named)
    return msgspec.structs.replace(run, steps=(*run.steps, Step(DETACH, DetachAssets()))) if left_out else run


def names_assets(run: Run) -> bool:
    """Whether the run says which assets its subject's campaign is to have."""
    return any(isinstance(step.wish, AttachAsset | DetachAssets) for step in run.steps)


def mends(run: Run) -> bool:
    """Whether the run sets nothing anew."""
    head = run.steps[0].wish
    return isinstance(head, UpdateCampaign) and head.mend


def is_late(order: str, subject: Subject) -> bool:
    """Whether anything newer has been done to the subject's campaign."""
    return max(subject.orders.values(), default="") > order or subject.assets > order


def _mending(step: Step, subject: Subject) -> Step:
    match step.wish, step.state:
        case UpdateCampaign(), Pending() | Waiting() | Sent():
            return _with(step, UpdateCampaign(subject.values, upsert=False, mend=True))
        case MendAssets(), Pending() | Waiting() | Sent():
            return _with(step, MendAssets(subject.wanted, subject.gone))
        case _:
            return step


def _campaign(step: Step, run: Run, order: str, subject: Subject) -> Step:
    match step.wish, step.state:
        case ArchiveCampaign(), Pending() if is_late(order, subject):
            return _superseded(step, subject.campaign or "")
        case CreateCampaign(another=False) | UpdateCampaign() as wish, Sent(makes=True):
            return _with(step, _create(wish))
        case CreateCampaign(another=False) | UpdateCampaign() as wish, Pending() | Waiting() | Sent():
            return _changed(step, wish, run, order, subject)
        case _:
            return step


def _changed(step: Step, wish: CreateCampaign | UpdateCampaign, run: Run, order: str, subject: Subject) -> Step:
    if subject.campaign is None:
        makes = isinstance(wish, CreateCampaign) or (wish.upsert and "hs_name" in wish.properties)
        return _with(step, _create(wish)) if makes else step
    fresh = {name: value for name, value in wish.properties.items() if subject.orders.get(name, "") <= order}
    sets_assets = names_assets(run) and subject.assets <= order  # the subject must learn of it with this step
    if wish.properties and not fresh and not sets_assets:
        return _superseded(step, subject.campaign)
    return _with(step, UpdateCampaign(fresh))


def _other(step: Step, run: Run, order: str, subject: Subject, *, makes: bool) -> Step | None:
    """A step behind the campaign's; None where there is nothing for it to do.

    Only the last of a plan may go: steps are stored by their numbers.
    """
    late = subject.assets > order
    match step.wish:
        case AttachAsset(id=asset) if late and isinstance(step.state, Pending):
            return _superseded(step, asset)
        case DetachAssets() if isinstance(step.state, Pending | Waiting | Sent):
            assets = () if late or makes else _gone(run, order, subject)
            return msgspec.structs.replace(step, wish=DetachAssets(assets)) if assets else None
        case _:
            return step


def _gone(run: Run, order: str, subject: Subject) -> tuple[tuple[str, str], ...]:
    """What the set before this run's names and this run's does not: kept with the subject once its step is done."""
    return subject.gone if subject.assets == order else gone(run, subject)


def gone(run: Run, subject: Subject) -> tuple[tuple[str, str], ...]:
    """What the last set of the subject's assets names and this run's set does not."""
    named = set(wanted(run))
    return tuple(asset for asset in subject.wanted if asset not in named)


def wanted(run: Run) -> tuple[tuple[str, str], ...]:
    """Type and id of each asset that the run names."""
    return tuple((step.wish.type, step.wish.id) for step in run.steps if isinstance(step.wish, AttachAsset))


def _create(wish: CreateCampaign | UpdateCampaign) -> CreateCampaign:
    return CreateCampaign(wish.properties, taken=wish.taken)


def _with(step: Step, wish: CreateCampaign | UpdateCampaign | MendAssets) -> Step:
    return msgspec.structs.replace(step, wish=wish)


def _superseded(step: Step, told: str) -> Step:
    return msgspec.structs.replace(step, state=Done(Receipt(told, superseded=True)))
