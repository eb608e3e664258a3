"""GET /v1/portals, POST /v1/portals/{portal}/pause and /resume: how HubSpot's accounts are, and leaving one alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from campaigns import ghosts
from campaigns.store.ghosts import Ghosts
from campaigns.store.parked import Parked, Trouble
from campaigns.store.verbs import Command
from service import commands
from service.answers import REPLAYED, Answer, told
from service.auth import Callers
from service.calls import Calls
from service.views import time_of

AnyRequest = Request[Any, Any, State]


class ParkedView(msgspec.Struct, frozen=True):
    """A portal in trouble: why, since and until when it is left alone, and what its last call ended in."""

    why: str
    since: datetime
    until: datetime
    problem: str


class PausedView(msgspec.Struct, frozen=True):
    """A portal that an operator leaves alone: since when, and which caller that was."""

    at: datetime
    by: str


class GhostView(msgspec.Struct, frozen=True):
    """Something of ours that appeared when nobody expected it, about which people must decide.

    Attributes:
        kind: campaign, budget or spend.
        id: of the campaign or item.
        campaign: the one that an item stands in; null for a campaign.
        run: whose attempt made it.

    """

    kind: str
    id: str
    campaign: str | None
    run: str
    since: datetime


class PortalView(msgspec.Struct, frozen=True):
    """A portal of the caller's: null where nothing is wrong."""

    name: str
    parked: ParkedView | None
    paused: PausedView | None
    ghosts: tuple[GhostView, ...]


class PortalsView(msgspec.Struct, frozen=True):
    """The portals that the caller may name."""

    portals: tuple[PortalView, ...]


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a pause or resume: nothing."""


class Outcome(msgspec.Struct, frozen=True):
    """The answer to a pause or resume."""

    name: str
    outcome: str


def routes(callers: Callers, parked: Parked, haunted: Ghosts, calls: Calls) -> Sequence[HTTPRouteHandler]:
    """The handlers of portals."""

    async def every(request: AnyRequest) -> Answer:
        caller = callers.asking(request.scope["headers"])
        caller.needs("read")
        views = [_view(name, await parked.of(name), await haunted.shown(name)) for name in sorted(caller.portals)]
        return told(PortalsView(tuple(views)))

    async def command_on(request: AnyRequest, portal: str) -> Command:
        caller = callers.asking(request.scope["headers"])
        caller.needs("operate")
        caller.needs_portal(portal)
        headers = list(request.scope["headers"])
        wanted = commands.read(headers, await request.body(), Switch)
        return commands.command(headers, caller, request.scope["path"], wanted)

    async def pause(request: AnyRequest, portal: FromPath[str]) -> Answer:
        command = await command_on(request, portal)
        switched = await parked.pause(portal, command.by, once=command.once, mark=command.mark)
        return told(Outcome(portal, "paused"), 200, *((REPLAYED,) if switched.again else ()))

    async def resume(request: AnyRequest, portal: FromPath[str]) -> Answer:
        command = await command_on(request, portal)
        switched = await parked.resume(portal, once=command.once, mark=command.mark)
        calls.start([portal] if switched.call else [])
        return told(Outcome(portal, "resumed"), 200, *((REPLAYED,) if switched.again else ()))

    return [
        get("/v1/portals")(every),
        post("/v1/portals/{portal:str}/pause", status_code=200)(pause),
        post("/v1/portals/{portal:str}/resume", status_code=200)(resume),
    ]


def _view(name: str, trouble: Trouble, shown: dict[str, int]) -> PortalView:
    return PortalView(name, _parked(trouble), _paused(trouble), tuple(_ghosts(shown)))


def _parked(trouble: Trouble) -> ParkedView | None:
    if trouble.why is None:
        return None
    return ParkedView(trouble.why, time_of(trouble.since), time_of(trouble.until), trouble.problem)


def _paused(trouble: Trouble) -> PausedView | None:
    if trouble.paused is None:
        return None
    at, _, by = trouble.paused.partition(" ")
    return PausedView(time_of(int(at)), by)


def _ghosts(shown: dict[str, int]) -> Sequence[GhostView]:
    views = []
    for told_, since in shown.items():
        text, _, identity = told_.rpartition(" ")
        ghost = ghosts.read(text)
        if ghost is not None:
            campaign = None if ghost.campaign == ghosts.NOWHERE else ghost.campaign
            views.append(GhostView(ghost.kind, identity, campaign, ghost.marker.run, time_of(since)))
    return views
