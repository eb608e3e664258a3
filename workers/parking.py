"""Leaving a portal alone while it is in trouble, and finding out with one real call whether it is well again."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from campaigns.errors import CampaignsError, Parked, Unauthorized
from campaigns.keys import SECOND
from campaigns.parking import Condition, Reason, pause, probe_says
from campaigns.store import parked as kept
from campaigns.store.patience import ride_out
from campaigns.store.portals import Lease
from workers.clock import Clock

LONGEST_PROBE: Final = 60 * SECOND
"""No call may last longer (settings: `call_deadline`); a probe of which nothing is heard by then was lost."""

log = structlog.get_logger()


class Parking:
    """Whether calls to a portal may leave now. Asked before each, told of each one's end.

    Args:
        trouble: what was known of the portal when its lease was taken.
        zone: the account's time zone.
        probe_after: how long the portal is left alone at first (ms); when it has been well for as long again, callers
            are told that it has recovered.

    Attributes:
        well_since: when the portal was last unparked; a step's patience counts from there.

    """

    def __init__(
        self, store: kept.Parked, lease: Lease, trouble: kept.Trouble, *, clock: Clock, zone: str, probe_after: int
    ) -> None:
        self._store = store
        self._saving = asyncio.Lock()  # what was decided first is saved first, also when Redis was away
        self._lease = lease
        self._clock = clock
        self._zone = zone
        self._probe_after = probe_after
        self._condition = Condition()
        self._why: Reason | None = trouble.why
        self._until = trouble.until
        self._pause = trouble.pause
        self._era = 0  # what left in an earlier one says nothing about the portal as it is now
        self._probed_until = 0
        self._news = asyncio.Event()
        self.well_since = trouble.recovered

    async def leave(self) -> int:
        """Wait until a call may leave: at once while the portal is well, as its probe, or after the probe was answered.

        Returns:
            the era in which the call leaves, to be told with what becomes of it.

        Raises:
            Parked: the portal is left alone.

        """
        while self._why is not None:
            now = self._clock.now()
            if now < self._until:
                raise Parked(f"the portal is parked: {self._why}", after=(self._until - now) / SECOND)
            if now >= self._probed_until:
                self._probed_until = now + LONGEST_PROBE
                self._news.clear()
                self._era += 1
                break
            with suppress(TimeoutError):
                async with asyncio.timeout((self._probed_until - now) / SECOND):
                    await self._news.wait()
        return self._era

    def stay(self, era: int) -> None:
        """The call that was let go in *era* does not leave after all, or will never be heard of."""
        if era == self._era:
            self._ask_again()

    async def heard(self, era: int, error: CampaignsError | None) -> None:
        """The call that left in *era* has ended in *error*; None when it was done.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        if era != self._era:
            return
        self._condition = self._condition.after(error)
        why = self._condition.reason(error)
        if self._why is not None:
            await self._probed(why or self._why, error)
        elif why is not None:
            await self._park(why, error)
        elif isinstance(error, Unauthorized):
            self._era += 1  # only who leaves from now on bears the token as it is read afresh

    async def _probed(self, why: Reason, error: CampaignsError | None) -> None:
        match probe_says(error):
            case "ill":
                await self._park(why, error)
            case "well":
                await self._unpark()
            case "nothing":
                self._ask_again()

    async def _park(self, why: Reason, error: CampaignsError | None) -> None:
        now = self._clock.now()
        self._pause = pause(why, error, self._pause, first=self._probe_after, now=now, zone=self._zone)
        self._why, self._until = why, now + self._pause
        self._condition = Condition()
        self._era += 1
        self._ask_again()
        span, told = self._pause, error.problem.detail if error else ""
        log.error("portal.parked", portal=self._lease.portal, why=why, seconds=span // SECOND, problem=told)
        async with self._saving:
            await ride_out(lambda: self._store.park(self._lease, why, span, told))

    async def _unpark(self) -> None:
        log.info("portal.recovered", portal=self._lease.portal, after=self._why)
        self._why, self._pause = None, 0
        self._ask_again()
        async with self._saving:
            self.well_since = await ride_out(lambda: self._store.unpark(self._lease, self._probe_after))

    def _ask_again(self) -> None:
        self._probed_until = 0
        self._news.set()
