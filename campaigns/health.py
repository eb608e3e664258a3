"""How the whole system is: green, amber or red, with reasons. Pure; what it is judged by is counted in `store`."""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from campaigns.keys import SECOND
from campaigns.parking import Reason as Trouble

Colour = Literal["green", "amber", "red"]

LATE: Final = 10 * SECOND
"""A lease that ended, a sweep and a job take eight seconds at the most: beyond that nobody came when called."""

TOO_LATE: Final = 60 * SECOND
"""A worker that is starting anew is there within a minute."""

LONG: Final = 600 * SECOND
"""A backlog of ten minutes is some 11,000 calls at HubSpot's rate: no fault, but worth knowing."""

CALLBACK_LATE: Final = 60 * SECOND
CALLBACK_TOO_LATE: Final = 300 * SECOND
"""A receiver that fails moves its callbacks on; one that is still due after that was posted by nobody."""


class PortalCount(msgspec.Struct, frozen=True):
    """What stands where on one portal. Times by Redis's clock (ms), 0: there is none.

    Attributes:
        line: runs that may go now.
        oldest: when the oldest of those was accepted.
        waiting: runs until a time.
        held: runs until their `notbefore`, or until their recipe may make another campaign.
        flight: runs in hand.
        lane: runs behind another of the same subject.
        places: calls that count towards HubSpot's window.
        ghosts: attempts declared absent that are still looked for.
        over: those of the held runs whose recipe has made as many campaigns as it may in an hour.
        shown: what has appeared in HubSpot that people must decide about.
        why: it is parked for this reason; None when it is not.
        since: when that trouble began.
        paused: whether an operator leaves it alone.

    """

    line: int
    oldest: int
    waiting: int
    held: int
    flight: int
    lane: int
    places: int
    ghosts: int
    over: int
    shown: int
    why: Trouble | None
    since: int
    paused: bool


class Census(msgspec.Struct, frozen=True):
    """What stands where in Redis.

    Attributes:
        now: Redis's time (ms).
        first_due: when the first portal had, or will have, to be attended to (ms); 0: none has to be.
        callbacks: how many are to be posted.
        first_callback: when the first of them was, or is, to be posted (ms); 0: none is.
        parked: callbacks that wait for somebody to replay them.
        portals: by name.

    """

    now: int
    first_due: int
    callbacks: int
    first_callback: int
    parked: int
    portals: dict[str, PortalCount]

    @property
    def lateness(self) -> int:
        """How long a portal has had work and nobody on it (ms): the health of the whole system."""
        return max(self.now - self.first_due, 0) if self.first_due else 0


class Ill(msgspec.Struct, frozen=True):
    """What is wrong with *what*: amber, somebody should look in office hours; red, now."""

    colour: Literal["amber", "red"]
    what: str
    seen: str


def ills(census: Census) -> tuple[Ill, ...]:
    """All that is wrong."""
    return (*_late(census), *_callbacks(census), *(ill for name in census.portals for ill in _portal(census, name)))


def colour(found: tuple[Ill, ...]) -> Colour:
    """The worst of what was found."""
    if any(ill.colour == "red" for ill in found):
        return "red"
    return "amber" if found else "green"


def _late(census: Census) -> Iterator[Ill]:
    if census.lateness >= LATE:
        seen = f"a portal has had work for {census.lateness // SECOND} s and nobody on it"
        yield Ill("red" if census.lateness >= TOO_LATE else "amber", "lateness", seen)


def _callbacks(census: Census) -> Iterator[Ill]:
    late = census.now - census.first_callback if census.first_callback else 0
    if late >= CALLBACK_LATE:
        yield Ill("red" if late >= CALLBACK_TOO_LATE else "amber", "callbacks", f"one is due since {late // SECOND} s")
    if census.parked:
        yield Ill("amber", "callbacks", f"{census.parked} are given up and wait for a replay")


def _portal(census: Census, name: str) -> Iterator[Ill]:
    portal, what = census.portals[name], f"portal {name}"
    if portal.why is not None:
        yield Ill("amber", what, f"parked for {(census.now - portal.since) // SECOND} s: {portal.why}")
    if portal.paused:
        yield Ill("amber", what, "paused by an operator")
    if portal.over:
        yield Ill("amber", what, f"{portal.over} runs are held: their recipes have made max_creates_per_hour campaigns")
    if portal.shown:
        yield Ill("amber", what, f"{portal.shown} things have appeared in HubSpot that people must decide about")
    if portal.oldest and census.now - portal.oldest >= LONG:
        yield Ill("amber", what, f"the oldest run in its line is {(census.now - portal.oldest) // SECOND} s old")
