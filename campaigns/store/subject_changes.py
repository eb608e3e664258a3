"""What a run's done campaign step changes of what is kept of its subject, as SAVE stores it. Pure."""

import msgspec

from campaigns import lanes
from campaigns.model import Run, Subject
from campaigns.states import Done
from campaigns.store.former import PROPERTY
from campaigns.wishes import ArchiveCampaign, CreateCampaign, UpdateCampaign


def changes(run: Run, planned: Run, order: str, marker: str, before: Subject) -> bytes:
    """What changes in the subject's hash: alternating fields and values.

    Args:
        run: its first step is done.
        planned: the run as it is stored; `lanes.resolve` leaves out what there is not to do.
        order: its place in the order of its lane.
        marker: what the campaign bears that it has made; "" when it has made none.
        before: what was kept of the subject until now.

    """
    step = run.steps[0]
    match step.wish:
        case ArchiveCampaign():
            return _packed({"campaign": "", "archived": order})
        case UpdateCampaign(mend=True):
            return b""  # what is mended stays as old as it is
        case CreateCampaign(another=True) if lanes.is_late(order, before):
            return b""  # what comes next for the subject is about the newer one
        case CreateCampaign() | UpdateCampaign() if run.campaign is not None:
            told = {"campaign": run.campaign, **({"marker": marker} if marker else {})}
            told |= {PROPERTY + name: order for name in step.wish.properties}
            return _packed(told | _set_of_assets(run, planned, order, before))
        case _:
            return b""


def _set_of_assets(run: Run, planned: Run, order: str, before: Subject) -> dict[str, str]:
    """What is kept of the assets that the run names, unless that is stale."""
    state = run.steps[0].state
    if not lanes.names_assets(planned) or before.assets > order:
        return {}
    was_there = isinstance(state, Done) and state.receipt.changed
    gone = (lanes.gone(planned, before) if before.assets != order else before.gone) if was_there else ()
    named = {"wanted": lanes.wanted(planned), "gone": gone}
    return {"assets": order, **{name: msgspec.json.encode(assets).decode() for name, assets in named.items()}}


def _packed(told: dict[str, str]) -> bytes:
    return msgspec.msgpack.encode([part for row in told.items() for part in row])
