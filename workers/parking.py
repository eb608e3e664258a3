"""Leaving a portal alone while it is in trouble, and finding out with one real call whether it is well again."""

import asyncio

import structlog

from campaigns.errors import CampaignsError, Parked, RateLimited, Refused
from campaigns.keys import SECOND
from campaigns.parking import Condition, Reason, pause
from campaigns.store import parked as kept
from campaigns.store.patience import ride_out
from campaigns.store.portals import Lease
from workers.clock import Clock

log = structlog.get_logger()


class Parking:
    """Whether calls to a portal may leave now. Asked before each, told of each one's end.

    Args:
        trouble: what was known of the portal when its lease was taken.
        zone: the account's time zone.
        probe_after: how long the portal is left alone at first (ms).

    Attributes:
        well_since: when the portal was last unparked; a step's patience counts from there.

    """

    def __init__(
        self, store: kept.Parked, lease: Lease, trouble: kept.Trouble, *, clock: Clock, zone: str, probe_after: int
    ) -> None:
        self._store = store
        self._lease = lease
        self._clock = clock
        self._zone = zone
        self._probe_after = probe_after
        self._condition = Condition()
        self._why: Reason | None = trouble.why
        self._until = trouble.until
        self._pause = trouble.pause
        self._probing = False
        self._news = asyncio.Event()
        self.well_since = trouble.recovered

    async def leave(self) -> None:
        """Wait until a call may leave: at once while the portal is well, as its probe, or after the probe was answered.

        Raises:
            Parked: the portal is left alone.

        """
        while self._why is not None:
            span = self._until - self._clock.now()
            if span > 0:
                raise Parked(f"the portal is parked: {self._why}", after=span / SECOND)
            if not self._probing:
                self._probing = True
                self._news.clear()
                return
            await self._news.wait()

    def stay(self) -> None:
        """The call that was let go does not leave after all."""
        self._ask_again()

    async def heard(self, error: CampaignsError | None) -> None:
        """A call has ended in *error*; None when it was done.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        if self._why is not None and not self._probing:
            return  # it left before the portal was parked
        self._condition = self._condition.after(error)
        why = self._condition.reason(error) or (self._why if _is_trouble(error) else None)
        if why is not None:
            await self._park(why, error)
        elif self._why is not None and (error is None or isinstance(error, Refused)):
            await self._unpark()
        else:
            self._ask_again()

    async def _park(self, why: Reason, error: CampaignsError | None) -> None:
        now = self._clock.now()
        self._pause = pause(why, error, self._pause, first=self._probe_after, now=now, zone=self._zone)
        self._why, self._until = why, now + self._pause
        self._condition = Condition()
        self._ask_again()
        told = error.problem.detail if error else ""
        log.error("portal.parked", portal=self._lease.portal, why=why, seconds=self._pause // SECOND, problem=told)
        await ride_out(lambda: self._store.park(self._lease, why, self._pause, told))

    async def _unpark(self) -> None:
        log.info("portal.recovered", portal=self._lease.portal, after=self._why)
        self._why, self._pause = None, 0
        self._ask_again()
        self.well_since = await ride_out(lambda: self._store.unpark(self._lease))

    def _ask_again(self) -> None:
        self._probing = False
        self._news.set()


def _is_trouble(error: CampaignsError | None) -> bool:
    """Whether a probe that ended so has failed: a refusal is HubSpot at work, a full window says nothing."""
    return error is not None and not isinstance(error, Refused | RateLimited)
