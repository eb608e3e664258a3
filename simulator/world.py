"""All that one simulator remembers, and how it begins. Time comes in with every call; nothing here reads a clock."""

import random
from collections.abc import Callable
from heapq import heappop, heappush
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from simulator.faults import Faults, Plan
from simulator.ledger import Ledger
from simulator.limits import Ceilings, Limits
from simulator.listing import Listing
from simulator.portal import Portal
from simulator.switches import Switches
from simulator.tokens import Granting, Tokens


class Beginning(msgspec.Struct, frozen=True):
    """How a simulator starts, and starts again at a reset.

    Attributes:
        seed: of ids and of everything else that is drawn, save the faults, whose plan has its own.
        tokens: private apps' tokens; each has a window of its own.
        granting: the OAuth app.
        timezone: the portal's, whose midnight ends the daily budget.
        switches: their first positions.
    """

    seed: int = 0
    tokens: tuple[str, ...] = ("pat-test",)
    granting: Granting = Granting()
    timezone: str = "UTC"
    switches: Switches = Switches()


class World:
    """One HubSpot portal with everything around it.

    `clones` holds until when (ms) the assets of each clone are being copied.
    """

    def __init__(self, beginning: Beginning) -> None:
        self._beginning = beginning
        self.begin()

    def begin(self) -> None:
        """Forget everything: campaigns, ledger, stats, faults, limits, switches, missing assets, granted tokens."""
        beginning = self._beginning
        self.random = random.Random(beginning.seed)  # noqa: S311  the same scene must have the same ids
        self.portal = Portal(self.random)
        self.listing = Listing(self.portal)
        self.tokens = Tokens(beginning.tokens, beginning.granting, self.random)
        self.limits = Limits(ZoneInfo(beginning.timezone))
        self.ceilings = Ceilings()
        self.switches = beginning.switches
        self.faults = Faults(Plan())
        self.ledger = Ledger()
        self.clones: dict[str, int] = {}
        self._late: list[tuple[int, int, Callable[[], None]]] = []
        self._late_number = 0

    def later(self, due: int, act: Callable[[], None]) -> None:
        """Keep an act for `due` (ms); it is done by the first `catch_up` from then on."""
        self._late_number += 1
        heappush(self._late, (due, self._late_number, act))

    def catch_up(self, now: int) -> None:
        """Do every act that is due by now, in the order of their times. Called before anything is looked at."""
        while self._late and self._late[0][0] <= now:
            heappop(self._late)[2]()

    def correlation_id(self) -> str:
        """Return a new id for an error body."""
        return str(UUID(int=self.random.getrandbits(128), version=4))
