"""The leases of a process: taken one by one, renewed together by whichever serve loop first finds that it is time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from campaigns.errors import Unavailable
from campaigns.store.portals import Lease, LeaseLost, Portals

RENEW_EACH: Final = 1.5
"""Seconds: three renewals may fail before a lease of six is lost."""

TRUSTED_FOR: Final = 5.0
"""Seconds after its last renewal in which a lease is believed without asking: less than the six that it lasts."""


class Leases:
    """The leases that this process holds.

    Args:
        process: names this process; the channel on which it is woken.
        monotonic: seconds, from a clock that never jumps.
        token: gives a new, random text at each call.

    Attributes:
        over: whether these are more than this process's share of all portals.

    """

    def __init__(
        self, portals: Portals, process: str, *, monotonic: Callable[[], float], token: Callable[[], str]
    ) -> None:
        self._portals = portals
        self._process = process
        self._monotonic = monotonic
        self._token = token
        self._held: dict[str, Lease] = {}
        self._renewed_at: dict[str, float] = {}
        self._work: set[str] = set()
        self._given_back: str | None = None
        self.over = False
        self._renewing = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._held)

    async def take(self, portal: str, settle: int) -> tuple[Lease, int] | None:
        """The lease of *portal* and Redis's time; None while somebody serves it, this process included."""
        if portal in self._held:
            return None
        lease = Lease(portal, self._process, self._token())
        asked_at = self._monotonic()
        now = await self._portals.take(lease, settle)
        if now is None:
            return None
        self._held[portal] = lease
        self._renewed_at[portal] = asked_at
        return lease, now

    def check(self, lease: Lease) -> None:
        """Make sure that *lease* can still be believed, just before something is sent in its name.

        Raises:
            LeaseLost: it may have run out: this process was stopped, or Redis is away.

        """
        if self._held.get(lease.portal) != lease:
            raise LeaseLost
        if self._monotonic() - self._renewed_at[lease.portal] >= TRUSTED_FOR:
            raise LeaseLost

    async def renew(self) -> None:
        """Renew all leases if it is time; those that are lost are held no more."""
        async with self._renewing:
            asked_at = self._monotonic()
            if all(asked_at - at < RENEW_EACH for at in self._renewed_at.values()):
                return
            leases = list(self._held.values())
            try:
                states = await self._portals.renew(leases)
            except Unavailable:
                return  # the next round asks again; `check` keeps what is too old from being used
            self._heard(leases, states, asked_at)
            with suppress(Unavailable):
                self.over = len(self._held) > await self._portals.share()
                self._given_back = leases[-1].portal if self.over else None

    def _heard(self, leases: Sequence[Lease], states: Mapping[str, str], asked_at: float) -> None:
        for lease in leases:
            if self._held.get(lease.portal) != lease:
                continue
            match states[lease.portal]:
                case "lost":
                    self.drop(lease)
                case "work":
                    self._work.add(lease.portal)
                    self._renewed_at[lease.portal] = asked_at
                case "renewed":
                    self._renewed_at[lease.portal] = asked_at

    def seconds_to_renewal(self, lease: Lease) -> float:
        """How long until *lease* should be renewed."""
        return max(0.0, self._renewed_at.get(lease.portal, 0.0) + RENEW_EACH - self._monotonic())

    def holds(self, lease: Lease) -> bool:
        """Whether *lease* was not lost at its last renewal."""
        return self._held.get(lease.portal) == lease

    def found_work(self, portal: str) -> bool:
        """Whether the last renewal saw work in the portal's line: the net for lost messages. Tells once."""
        found = portal in self._work
        self._work.discard(portal)
        return found

    def gives_back(self, lease: Lease) -> bool:
        """Whether *lease* is the one that goes next, as this process has more than its share; one at each renewal."""
        return lease.portal == self._given_back

    def drop(self, lease: Lease) -> None:
        """Hold *lease* no more."""
        if self._held.get(lease.portal) == lease:
            del self._held[lease.portal]
            del self._renewed_at[lease.portal]
            self._work.discard(lease.portal)
            self.over = self.over and bool(self._held)
            self._given_back = None
