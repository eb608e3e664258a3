"""The words: trigger, step and run. Values only; what happens to them is `plan` and `progress`.

All times are milliseconds since the epoch by Redis's clock, all spans milliseconds.
"""

from typing import Any, Final, Literal, get_args

import msgspec

from campaigns.states import Done, Pending, State
from campaigns.wishes import CreateCampaign, OfCampaign, UpdateCampaign, Wish

Priority = Literal["high", "normal", "bulk"]
PRIORITIES: Final[tuple[Priority, ...]] = get_args(Priority)

Place = Literal["held", "lane", "line", "waiting", "flight", "ended"]
"""Where a run stands. Every open run stands in exactly one of the first five."""

Ending = Literal["done", "partial", "failed", "cancelled", "superseded"]
Status = Literal["held", "waiting", "running", "done", "partial", "failed", "cancelled", "superseded"]
_OPEN: Final[dict[Place, Status]] = {"held": "held", "flight": "running"}


class Trigger(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a caller says has happened: the attributes of a CloudEvent (CloudEvents 1.0, section 3) and our extensions.

    Attributes:
        type: what happened, such as `product.launched`; recipes answer to it.
        source: where it happened.
        id: unique within the source.
        subject: what it happened to; runs for one subject go in order.
        time: when it happened.
        data: anything that recipes may use.
        portal: the HubSpot account, when the caller names one; else the recipe's.
        priority: which runs go first in the portal's line.
        notbefore: nothing is sent to HubSpot before this time.
        sequence: the caller's own order of the triggers of one subject.
        callbackurl: where the final status is posted.
        traceparent: the trace that the request belonged to (`tracing`); no part of the wish, so a repeat may differ.

    """

    type: str
    source: str = ""
    id: str = ""
    subject: str | None = None
    time: int | None = None
    data: dict[str, Any] = {}
    portal: str | None = None
    priority: Priority = "normal"
    notbefore: int | None = None
    sequence: int = 0
    callbackurl: str | None = None
    traceparent: str | None = None


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wish towards HubSpot inside a run.

    Attributes:
        name: unique within the run.
        at: when *state* was stored; 0 while it is still as planned.
        required: whether the run fails with it.

    """

    name: str
    wish: Wish
    required: bool = True
    state: State = Pending()
    at: int = 0


Made = Literal["leave", "undo"]
"""What becomes of that which a cancelled run has made in HubSpot."""


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recipe carried out for one trigger on one portal.

    Attributes:
        id: the same for the same wish, even after Redis was lost (`keys.run_id`).
        space: whose subjects these are; callers share a space unless the settings say otherwise.
        recipe: name of the recipe that made the plan.
        max_creates_per_hour: the recipe's; None: any number.
        cancel: an operator wants the run to end, and what it made to be left or undone.

    """

    id: str
    caller: str
    portal: str
    space: str
    recipe: str
    trigger: Trigger
    steps: tuple[Step, ...]
    max_creates_per_hour: int | None = None
    cancel: Made | None = None

    @property
    def subject(self) -> str | None:
        """What the run is about; None when the trigger names nothing."""
        return self.trigger.subject

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)

    def with_state(self, name: str, state: State, at: int) -> "Run":
        """The run after *state* was stored for the step *name* at the time *at*."""
        replace = msgspec.structs.replace
        return replace(self, steps=tuple(replace(s, state=state, at=at) if s.name == name else s for s in self.steps))

    @property
    def campaign(self) -> str | None:
        """HubSpot's id of the campaign that this run made, adopted, updated or archived."""
        done = (one.state for one in self.steps if isinstance(one.wish, OfCampaign) and isinstance(one.state, Done))
        return next((state.receipt.id for state in done), None) or None

    @property
    def campaign_name(self) -> str:
        """What the campaign is called, as far as this run knows."""
        for step in self.steps:
            if isinstance(step.wish, CreateCampaign | UpdateCampaign):
                wanted = step.wish.properties.get("hs_name", "")
                return (isinstance(step.state, Done) and step.state.receipt.name) or wanted
        return ""


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a subject on a portal: its campaign, and which run last set what.

    Attributes:
        campaign: HubSpot's id; None while it has none.
        marker: signs the campaign.
        orders: property -> order in the lane of the run that last set it.
        values: property -> what it was set to, as HubSpot takes it; only of this campaign, and as far as it is known.
        assets: order of the run that last named the set of assets.
        wanted: type and id of each asset of that set.
        gone: those of the set before it that it does not name.
        archived: order of the run that last archived a campaign of it.

    """

    campaign: str | None = None
    marker: str = ""
    orders: dict[str, str] = {}
    values: dict[str, str] = {}
    assets: str = ""
    wanted: tuple[tuple[str, str], ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    archived: str = ""


class Applied(msgspec.Struct, frozen=True):
    """An operator's verb that was applied to a run: when, which, and by which caller."""

    at: int
    verb: str
    by: str


class Stored(msgspec.Struct, frozen=True):
    """A run as it stands in Redis.

    Attributes:
        version: goes up when somebody other than the run's holder changes it; its end names the version that was read.
        order: its place in the order of its lane.
        subject: what is kept of its subject, as it was when the run was claimed.
        priority: what it goes by: its own, or that to which its lane was raised; None once it has ended.
        until: when a held or waiting run goes on.
        over: held as its recipe has made as many campaigns as it may in an hour.
        replaced: while it was held, a trigger with a higher sequence came for its subject.
        ending: how it ended; None while it is open.
        history: what operators have done to it, the last fifty times.

    """

    run: Run
    place: Place
    version: int
    accepted: int
    order: str = ""
    subject: Subject = Subject()
    priority: Priority | None = None
    until: int | None = None
    over: bool = False
    replaced: bool = False
    ending: Ending | None = None
    ended: int | None = None
    history: tuple[Applied, ...] = ()

    @property
    def status(self) -> Status:
        """What callers are told (INTERFACES: Run status)."""
        return self.ending or _OPEN.get(self.place, "waiting")
