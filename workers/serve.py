"""Serving one portal while its lease is ours: claim, advance, renew, and give the lease back when nothing is left."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import msgspec
import structlog

from campaigns.ending import end
from campaigns.errors import Unavailable
from campaigns.model import Stored
from campaigns.observe import PortalWork
from campaigns.store.patience import ride_out
from campaigns.store.portals import Claimed, Lease, LeaseLost, Portals
from workers.advance import Advancing, advance
from workers.calls import Calls, Stopping
from workers.clock import Clock
from workers.ghosts import Haunted, look_for
from workers.leases import Leases
from workers.slots import FOR_HIGH, OF_A_PORTAL, Slots

LINGER: Final = 3.0
"""Seconds that an idle portal is kept: the next trigger finds it served and needs no RQ job."""

BREATH: Final = 0.1
"""Seconds between two claims that can give nothing yet: Redis is away, or ghosts are looked for."""

GHOSTS: Final = "@ghosts"
"""Stands among the runs in hand for the look for ghosts; no run is called so."""

log = structlog.get_logger()


class Serving(msgspec.Struct, frozen=True):
    """What serving a portal needs.

    Attributes:
        woken: set when somebody else's script gave the portal work.
        stopping: set when the process is going.
        monotonic: seconds, from a clock that never jumps.
        call: enqueues the portal's RQ job.
        slots: of the process; says how many runs may be in hand.
        counts: shows how many are.

    """

    lease: Lease
    portals: Portals
    leases: Leases
    calls: Calls
    on: Advancing
    haunted: Haunted
    clock: Clock
    woken: asyncio.Event
    stopping: asyncio.Event
    monotonic: Callable[[], float]
    call: Callable[[], Awaitable[None]]
    slots: Slots
    counts: PortalWork


async def claim(portals: Portals, lease: Lease, slots: Slots) -> Claimed:
    """The first claim of a holder whose hands are empty; raises as `Portals.claim`."""
    return await portals.claim(lease, slots.ask(lease.portal, 0), FOR_HIGH)


async def serve(with_: Serving, *, longest: float | None = None, first: asyncio.Task[Claimed] | None = None) -> None:
    """Serve the portal until it has been idle for a while, the process goes, or the lease is lost.

    Args:
        with_: the portal, with all that it takes.
        longest: seconds after which the portal is given back even if there is work.
        first: a `claim` that is on its way.

    """
    in_hand: dict[str, asyncio.Task[int | None]] = {}
    round_ = _Rounds(with_, in_hand, first, ends_at=None if longest is None else with_.monotonic() + longest)
    try:
        with with_.counts.serving(lambda: len(in_hand), OF_A_PORTAL):
            while await round_.once():
                pass
    except LeaseLost:
        log.warning("portal.lost", portal=with_.lease.portal)
    finally:
        with_.leases.drop(with_.lease)
        _begin_nothing(with_)
        with_.slots.leave(with_.lease.portal)
        await end([*in_hand.values(), *([first] if first else [])])
    # Not before all is let go: this very process may pop the job, and what it still holds it does not take.
    if round_.somebody_must_come:
        await with_.call()


def _begin_nothing(with_: Serving) -> None:
    """Nothing leaves any more, and nobody waits for what would have to be before it could."""
    with_.calls.stop()
    with_.on.past.stop()


class _Rounds:
    """The rounds of one serving, each callable on its own.

    Attributes:
        somebody_must_come: the portal was given back with work, and nobody is called for it yet.

    """

    def __init__(
        self,
        with_: Serving,
        in_hand: dict[str, asyncio.Task[int | None]],
        first: asyncio.Task[Claimed] | None,
        ends_at: float | None,
    ) -> None:
        self._with = with_
        self._in_hand = in_hand
        self._first = first
        self._ends_at = ends_at
        self._idle_since = with_.monotonic()
        self._next_work: int | None = 0  # Redis's time; None: not until told
        self._unsure = first is not None  # whether more may be in flight than is in hand
        self._again: set[str] = set()  # claimed again before their tasks have ended
        self.somebody_must_come = False

    async def once(self) -> bool:
        """One round: renew, claim, wait for something to happen. False when the portal has been given back."""
        with_ = self._with
        await with_.leases.renew()
        if not with_.leases.holds(with_.lease):
            raise LeaseLost
        if with_.stopping.is_set() or self._over() or with_.leases.gives_back(with_.lease):
            return await self._give_back()
        woken = with_.woken.is_set() or with_.leases.found_work(with_.lease.portal)
        if woken:
            with_.woken.clear()
            self._next_work = 0
        paused = await self._claim(woken=woken)
        self._tell_slots()
        if paused:
            return await self._give_back()
        if self._in_hand:
            self._idle_since = with_.monotonic()
        elif with_.monotonic() - self._idle_since >= LINGER:
            return await self._release(anyway=False)
        await self._wait()
        self._tell_slots()
        return True

    def _over(self) -> bool:
        return self._ends_at is not None and self._with.monotonic() >= self._ends_at

    async def _claim(self, *, woken: bool) -> bool:
        """Whether the portal is paused and must be given back; with full hands, too, whoever is *woken* looks."""
        if self._next_work is None or self._with.clock.now() < self._next_work:
            return False
        first, self._first = self._first, None
        try:
            claimed = await (first or self._claim_more(woken=woken))
        except Unavailable:
            await asyncio.sleep(BREATH)
            return False  # the next round asks again
        if claimed is None:
            return False
        self._unsure = False
        self._with.clock.heard(claimed.now)
        self._next_work = claimed.next_work
        for stored in claimed.runs:
            self._take_in_hand(stored)
        for run_id in claimed.unreadable:
            log.error("run.unreadable", run=run_id, problem="a newer version must carry it on")
        if claimed.ghosts and GHOSTS not in self._in_hand:
            self._in_hand[GHOSTS] = asyncio.create_task(self._look_for_ghosts())
        return claimed.paused

    async def _claim_more(self, *, woken: bool) -> Claimed | None:
        """What is claimed for the slots that are free; None: nothing is asked for."""
        portal, hands = self._with.lease.portal, len(self._in_hand)
        free = self._with.slots.ask(portal, hands)
        free_for_high = self._with.slots.free_for_high(portal, hands)
        if free + free_for_high <= 0 and not woken:
            return None
        in_hand = tuple(self._in_hand) if self._unsure else None
        self._unsure = True
        return await self._with.portals.claim(self._with.lease, free, free_for_high, in_hand=in_hand)

    def _tell_slots(self) -> None:
        self._with.slots.has(self._with.lease.portal, len(self._in_hand))

    def _take_in_hand(self, stored: Stored) -> None:
        if stored.run.id in self._in_hand:
            self._again.add(stored.run.id)  # it was given back, and its task has yet to hear so
        else:
            self._in_hand[stored.run.id] = asyncio.create_task(advance(self._with.on, stored))

    async def _look_for_ghosts(self) -> int | None:
        haunted = self._with.haunted
        due = await ride_out(lambda: haunted.ghosts.due(self._with.lease))
        try:
            if due:
                await look_for(haunted, due)
        except Stopping:
            return None  # they come back by themselves
        return self._with.clock.now()

    async def _wait(self) -> None:
        """Until a run leaves our hands, somebody wakes us, or something is due."""
        woken = asyncio.create_task(self._with.woken.wait())
        stopping = asyncio.create_task(self._with.stopping.wait())
        try:
            await asyncio.wait(
                {woken, stopping, *self._in_hand.values()},
                timeout=self._until_something_is_due(),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            woken.cancel()
            stopping.cancel()
        self._let_go_of_the_finished()

    def _until_something_is_due(self) -> float:
        with_ = self._with
        seconds = with_.leases.seconds_to_renewal(with_.lease)
        if not self._in_hand:
            seconds = min(seconds, self._idle_since + LINGER - with_.monotonic())
        if self._next_work is not None and with_.slots.free(with_.lease.portal, len(self._in_hand)):
            seconds = min(seconds, (self._next_work - with_.clock.now()) / 1000)
        # Ghosts that come back while others are still looked for stay due until that has ended: no reason to spin.
        return max(seconds, BREATH if GHOSTS in self._in_hand else 0.0)

    def _let_go_of_the_finished(self) -> None:
        for run_id, run in list(self._in_hand.items()):
            if run.done():
                del self._in_hand[run_id]
                goes_on = run.result()
                if run_id in self._again:
                    self._again.remove(run_id)
                    self._unsure, goes_on = True, 0
                if goes_on is not None:
                    self._next_work = goes_on if self._next_work is None else min(self._next_work, goes_on)

    async def _give_back(self) -> bool:
        """Let what has left come back, then release; what has not left goes back into the line."""
        _begin_nothing(self._with)
        deadline = self._with.monotonic() + self._with.calls.deadline / 1000
        while self._in_hand and self._with.monotonic() < deadline:
            await asyncio.wait(
                self._in_hand.values(),
                timeout=self._with.leases.seconds_to_renewal(self._with.lease) or 0.05,
                return_when=asyncio.FIRST_COMPLETED,
            )
            self._let_go_of_the_finished()
            await self._with.leases.renew()
        return await self._release(anyway=True)

    async def _release(self, *, anyway: bool) -> bool:
        """Whether the portal is still ours, because there is work after all."""
        outcome: Literal["released", "call", "work"]
        try:
            outcome = await self._with.portals.release(self._with.lease, self._with.on.settle, anyway=anyway)
        except Unavailable:
            await asyncio.sleep(BREATH)
            return not anyway  # a lease that cannot be given back ends by itself
        if outcome == "work":
            self._next_work = 0
            self._idle_since = self._with.monotonic()
            return True
        self.somebody_must_come = outcome == "call"
        return False
