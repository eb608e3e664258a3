"""GET /healthz: how the whole system is, for people and monitoring. No probe asks it: a restart heals no outage."""

from collections.abc import Sequence

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler

from campaigns import health
from campaigns.errors import StoreFull, Unavailable
from campaigns.health import Census, Colour, Ill
from campaigns.keys import SECOND
from campaigns.settings import Settings, Shelf
from campaigns.store.counting import Counting
from campaigns.store.durability import Verdict
from campaigns.store.vitals import Vitals
from service.answers import Answer, told


class IllView(msgspec.Struct, frozen=True):
    """What is wrong, and how badly."""

    colour: Colour
    what: str
    seen: str


class PortalHealthView(msgspec.Struct, frozen=True):
    """What stands where on a portal, and for how long the oldest run of its line has been waiting."""

    line: int
    waiting: int
    held: int
    lane: int
    flight: int
    ghosts: int
    oldest_seconds: float


class HealthzView(msgspec.Struct, frozen=True):
    """Green: all is well; amber: somebody should look in office hours; red: now."""

    status: Colour
    reasons: tuple[IllView, ...]
    lateness_seconds: float | None = None
    callbacks_due: int | None = None
    portals: dict[str, PortalHealthView] = {}


def routes(settings: Settings, counting: Counting, vitals: Vitals, shelf: Shelf) -> Sequence[HTTPRouteHandler]:
    """The handler of /healthz: 200 while green or amber, 503 while red."""

    async def healthz() -> Answer:
        try:
            verdict = await vitals.verdict()
            census = await counting.census(settings.portals, settings.callers)
        except Unavailable as error:
            view = HealthzView("red", (IllView("red", "redis", str(error)),))
        else:
            ills = (*_of_redis(verdict), *await _of_memory(vitals), *_of_recipes(shelf), *health.ills(census))
            view = _view(ills, census)
        return told(view, 503 if view.status == "red" else 200)

    return [get("/healthz")(healthz)]


def _of_redis(verdict: Verdict) -> tuple[Ill, ...]:
    """What is wrong with Redis: what it would lose is for now, what operators should know is not."""
    return (
        *(Ill("red", "redis", objection) for objection in verdict.objections),
        *(Ill("amber", "redis", caution) for caution in verdict.cautions),
    )


def _of_recipes(shelf: Shelf) -> tuple[Ill, ...]:
    """Why recipes that have changed are not in force: those before them are."""
    return () if shelf.problem is None else (Ill("amber", "recipes", shelf.problem),)


async def _of_memory(vitals: Vitals) -> tuple[Ill, ...]:
    try:
        await vitals.admit()
    except StoreFull as error:
        return (Ill("red", "redis", f"accepts nothing: {error}"),)
    except Unavailable:
        return ()  # told already: what it would lose
    return ()


def _view(ills: tuple[Ill, ...], census: Census) -> HealthzView:
    portals = {
        name: PortalHealthView(
            line=count.line,
            waiting=count.waiting,
            held=count.held,
            lane=count.lane,
            flight=count.flight,
            ghosts=count.ghosts,
            oldest_seconds=(census.now - count.oldest) / SECOND if count.oldest else 0.0,
        )
        for name, count in census.portals.items()
    }
    return HealthzView(
        status=health.colour(ills),
        reasons=tuple(IllView(ill.colour, ill.what, ill.seen) for ill in ills),
        lateness_seconds=census.lateness / SECOND,
        callbacks_due=census.callbacks,
        portals=portals,
    )
