"""What is kept of a subject once a run's campaign step is done, as SAVE then stores it. Pure."""

import msgspec

from campaigns import lanes
from campaigns.model import Run, Subject
from campaigns.states import Done, Receipt
from campaigns.wishes import ArchiveCampaign, CreateCampaign, UpdateCampaign


def changes(run: Run, planned: Run, order: str, marker: str, before: Subject) -> Subject | None:
    """What is kept of the subject from now on; None: what was kept.

    Args:
        run: its first step is done.
        planned: the run as it is stored; `lanes.resolve` leaves out what there is not to do.
        order: its place in the order of its lane.
        marker: what the campaign bears that it has made; "" when it has made none.
        before: what was kept of the subject until now.

    """
    step = run.steps[0]
    match step.wish, step.state:
        case ArchiveCampaign(), _:
            return msgspec.structs.replace(before, campaign=None, archived=order)
        case UpdateCampaign(mend=True), _:
            return None  # what is mended stays as old as it is
        case CreateCampaign(another=True), _ if lanes.is_late(order, before):
            return None  # what comes next for the subject is about the newer one
        case (CreateCampaign() | UpdateCampaign()) as wish, Done(receipt=receipt) if receipt.id:
            known = before if receipt.id == before.campaign else _of_another(before, receipt.id)
            known = msgspec.structs.replace(
                known,
                marker=marker or known.marker,
                orders=known.orders | dict.fromkeys(wish.properties, order),
                values=known.values | _set(wish, receipt),
            )
            return _with_assets(known, planned, order, before, was_there=receipt.changed)
        case _:
            return None


def _of_another(before: Subject, campaign: str) -> Subject:
    """What is kept of the subject now that it has another campaign: the orders, but nothing was wanted of that yet."""
    return msgspec.structs.replace(before, campaign=campaign, marker="", values={}, wanted=(), gone=())


def _set(wish: CreateCampaign | UpdateCampaign, receipt: Receipt) -> dict[str, str]:
    """The properties that the campaign was to have; its name as it has become where another campaign had that."""
    return wish.properties | ({"hs_name": receipt.name} if receipt.name else {})


def _with_assets(known: Subject, planned: Run, order: str, before: Subject, *, was_there: bool) -> Subject:
    """With the set of assets that the run names, unless that is stale; *was_there*: the campaign was before the run."""
    if not lanes.names_assets(planned) or before.assets > order:
        return known
    gone = (lanes.gone(planned, before) if before.assets != order else before.gone) if was_there else ()
    return msgspec.structs.replace(known, assets=order, wanted=lanes.wanted(planned), gone=gone)
