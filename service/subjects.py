"""/v1/subjects/{portal}/{subject}: what is kept of a subject, how its campaign has drifted, binding it to another."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import unquote_to_bytes

import msgspec
from litestar import Request, get, put
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from campaigns import keys
from campaigns.errors import NotFound
from campaigns.model import Subject
from campaigns.store.bindings import Bindings, Kept
from service import commands, drifts
from service.answers import Answer, told
from service.auth import Caller, Callers
from service.looks import Looks
from service.problems import Malformed, NoCampaign
from service.views import time_of

Part = tuple[str, ...]
KEPT: Final[Part] = ()
DIFF: Final[Part] = ("diff",)
"""What of a subject is asked for, by the segments of the path behind it."""

NO_ROUTE: Final = "no route has this path; a slash in a subject is written %2F"

MOST_CHARACTERS: Final = 256
"""As of a trigger's subject."""

AnyRequest = Request[Any, Any, State]


class Binding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a PUT: HubSpot's id of the campaign that the subject has from now on."""

    campaign: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class OrderView(msgspec.Struct, frozen=True):
    """Where in the order of the subject's triggers something was set last; an older trigger does not set it again."""

    sequence: int
    time: datetime


class BoundView(msgspec.Struct, frozen=True):
    """When the subject was bound to its campaign, and by which caller."""

    at: datetime
    by: str


class SubjectView(msgspec.Struct, frozen=True):
    """What is kept of a subject.

    Attributes:
        campaign: HubSpot's id; null while it has none.
        bound: null for a campaign that Fanfare has made.
        properties: those that triggers have set.
        assets: null while none were.

    """

    portal: str
    subject: str
    campaign: str | None
    bound: BoundView | None
    properties: dict[str, OrderView]
    assets: OrderView | None


class Named(msgspec.Struct, frozen=True):
    """A subject as the path names it, in the caller's space, and what of it is asked for."""

    portal: str
    subject: str
    lane: str
    asked: Part


def routes(callers: Callers, bindings: Bindings, looks: Looks) -> Sequence[HTTPRouteHandler]:
    """The handlers of subjects."""

    async def show(request: AnyRequest) -> Answer:
        caller = callers.asking(request.scope["headers"])
        caller.needs("read")
        named = _named(request.scope["raw_path"], caller, {KEPT, DIFF})
        kept = await bindings.read(named.lane)
        if kept.subject == Subject():
            raise NotFound("nothing is kept of this subject")
        if named.asked == DIFF:
            return told(await drifts.look(looks, named.portal, named.subject, kept.subject))
        return told(_view(named, kept))

    async def bind(request: AnyRequest) -> Answer:
        caller = callers.asking(request.scope["headers"])
        caller.needs("operate")
        named = _named(request.scope["raw_path"], caller, {KEPT})
        body = await request.body()
        if not body:
            raise Malformed("the body names no campaign")
        campaign = commands.read(list(request.scope["headers"]), body, Binding).campaign
        if (await bindings.read(named.lane)).subject.campaign != campaign:
            if not await looks.has(named.portal, campaign):
                raise NoCampaign(f"HubSpot has no campaign {campaign!r} on {named.portal}")
            await bindings.bind(named.lane, campaign, caller.name)
        return told(_view(named, await bindings.read(named.lane)))

    path = "/v1/subjects/{portal:str}/{subject:path}"
    return [get(path)(show), put(path)(bind)]


def _named(raw_path: bytes, caller: Caller, parts: Collection[Part]) -> Named:
    """The subject that the path names and which of its *parts*, if *caller* may name its portal.

    Raises:
        NotFound: there are more segments, or no such part; a slash in a subject is `%2F`.
        Malformed: the subject is too long, or no UTF-8.
        PortalRefused: the portal is not the caller's.

    """
    _, _, _, *segments = raw_path.partition(b"?")[0].split(b"/")
    try:
        portal, subject, *rest = (unquote_to_bytes(segment).decode() for segment in segments)
    except UnicodeDecodeError as error:
        raise Malformed("the path is not percent-encoded UTF-8") from error
    except ValueError as error:
        raise NotFound(NO_ROUTE) from error
    if tuple(rest) not in parts:
        raise NotFound(NO_ROUTE)
    caller.needs_portal(portal)
    if not 0 < len(subject) <= MOST_CHARACTERS:
        raise Malformed(f"a subject has between 1 and {MOST_CHARACTERS} characters")
    return Named(portal, subject, keys.lane_name(portal, caller.sender.space, subject), tuple(rest))


def _view(named: Named, kept: Kept) -> SubjectView:
    subject, bound = kept.subject, kept.bound
    return SubjectView(
        portal=named.portal,
        subject=named.subject,
        campaign=subject.campaign,
        bound=BoundView(time_of(bound.at), bound.by) if bound else None,
        properties={name: _order(order) for name, order in subject.orders.items()},
        assets=_order(subject.assets) if subject.assets else None,
    )


def _order(order: str) -> OrderView:
    sequence, time, *_ = order.split(".")
    return OrderView(int(sequence), time_of(int(time)))
