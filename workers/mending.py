"""Mending the assets of a subject's campaign: looked at, and only what differs is attached or detached."""

from campaigns.errors import CampaignsError, Refused
from campaigns.hubspot import wire
from campaigns.hubspot.attached import attached
from campaigns.hubspot.wire import Request
from campaigns.model import Run, Step
from campaigns.states import Receipt, Sent
from campaigns.wishes import MendAssets
from workers.by_id import GONE, Reads
from workers.calls import Calls
from workers.creates import Came


async def mend_assets(calls: Calls, reads: Reads, run: Run, step: Step, wish: MendAssets, sent: Sent) -> Came:
    """One call for each asset that differs; one that HubSpot refuses keeps none of the others from being mended.

    Raises:
        Later: the campaign cannot be read now.
        LeaseLost, Recalled, Stopping: see `Calls.depart`.

    """
    try:
        requests = await to_mend(calls, reads, run, wish)
    except Refused as refusal:
        return Came(step.at, refusal)
    came = Came(step.at, Receipt(run.campaign or ""))
    for request in requests:
        departed = await calls.depart(lambda: calls.ranks.of(run), lambda: ((run, step.name, sent),))
        try:
            await calls.carry(departed, request)
        except Refused as refusal:
            if request.method != "DELETE" or refusal.problem.status != GONE:  # somebody else was faster
                came = Came(departed.at, refusal)
        except CampaignsError as error:
            return Came(departed.at, error)
    return came


async def to_mend(calls: Calls, reads: Reads, run: Run, wish: MendAssets) -> tuple[Request[None], ...]:
    """The calls that bring the assets of the run's campaign to those that are wanted.

    Raises:
        Later, Refused: the campaign cannot be read.

    """
    if run.campaign is None or not (wish.wanted or wish.gone):
        return ()
    now = await reads.read(run.campaign, (), run)
    there = await attached(calls.read, now, dict.fromkeys(kind for kind, _ in (*wish.wanted, *wish.gone)))
    return (
        *(wire.attach(now.id, kind, asset) for kind, asset in wish.wanted if (kind, asset) not in there),
        *(wire.detach(now.id, kind, asset) for kind, asset in wish.gone if (kind, asset) in there),
    )
