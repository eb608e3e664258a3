"""Calls to one portal: the most urgent first, each with a place in the quota and journalled before it leaves."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Final, TypeVar

import msgspec

from campaigns.errors import CampaignsError, Later, Parked, RateLimited
from campaigns.hubspot.client import HubSpot
from campaigns.hubspot.wire import Request
from campaigns.keys import SECOND
from campaigns.model import Run
from campaigns.observe.traces import UNRECORDED, Spans
from campaigns.quota import WINDOW, Allowance, Pace
from campaigns.states import Sent
from campaigns.store.patience import ride_out
from campaigns.store.portals import Call, Full, Granted, Lease, Portals, Unheard, Withdrawn
from workers.clock import Clock
from workers.ended import EndedCalls
from workers.leases import Leases
from workers.parking import Parking
from workers.ranks import HIGH, READ, Ranks
from workers.traced import within_trace

T = TypeVar("T")

Steps = tuple[tuple[Run, str, Sent], ...]

LONGEST_PAUSE: Final = 10.0
"""Seconds after a 429 that names none: HubSpot's window is empty then."""


class Stopping(Exception):
    """The process is going: nothing new leaves; what has not left is as it was."""


class Recalled(Exception):
    """Nothing has left, and nothing is begun for *runs* before they are read again.

    Operators want them to end; or the clock was set back, and they are to wait until it has come where they are.
    """

    def __init__(self, runs: frozenset[str]) -> None:
        super().__init__(f"{len(runs)} runs are to be read again")
        self.runs = runs


class Departed(msgspec.Struct, frozen=True):
    """A call that may leave now.

    Attributes:
        at: the attempt of its steps.
        steps: for whom it leaves.
        place: its place in the quota, to be named again when the call has ended.
        era: of the portal's parking, likewise.
        ends: by the loop's clock, when it must have ended: not after the journal says that it has.

    """

    at: int
    steps: Steps
    place: str
    era: int
    ends: float


class _Departure(msgspec.Struct, eq=False):
    rank: Callable[[], int]
    number: int
    gather: Callable[[], Steps]
    yields: Callable[[], bool]
    departed: asyncio.Future[Departed]

    def urgency(self) -> tuple[int, bool, int]:
        rank = self.rank()
        return rank, rank > HIGH and self.yields(), self.number


class Calls:
    """The one way out to a portal for its holder.

    Args:
        deadline: milliseconds after which a call has surely ended on our side.
        parking: says whether the portal is left alone.

    Attributes:
        ranks: of the runs in hand.

    """

    def __init__(
        self,
        portals: Portals,
        leases: Leases,
        lease: Lease,
        hubspot: HubSpot,
        *,
        allowance: Allowance,
        deadline: int,
        clock: Clock,
        parking: Parking,
        spans: Spans = UNRECORDED,
    ) -> None:
        self._spans = spans
        self._portals = portals
        self._leases = leases
        self._lease = lease
        self._hubspot = hubspot
        self._allowance = allowance
        self.deadline = deadline
        self._clock = clock
        self.parking = parking
        self.ranks = Ranks()
        self._numbers = count()
        self._ended = EndedCalls(portals, lease.portal)
        self._pace = Pace()
        self._waiting: list[_Departure] = []
        self._stirred = asyncio.Event()
        self._letting_go: asyncio.Task[None] | None = None
        self._paused_until = 0
        self._stopped = False

    async def read(self, request: Request[T], run: Run | None = None) -> T:
        """The answer to a request that changes nothing; *run* is the one for which it is asked, if it is only one."""
        departed = await self.depart(lambda: READ, tuple)
        return await self.carry(departed, request, [run] if run else [])

    async def depart(
        self, rank: Callable[[], int], gather: Callable[[], Steps], yields: Callable[[], bool] = lambda: False
    ) -> Departed:
        """Wait for a place in the quota, and for the journal to say that the call has left.

        Args:
            rank: smaller ranks leave first; the same in order of asking. Asked anew whenever something may leave.
            gather: for whom the call leaves, asked when its place is granted.
            yields: whether the others of its rank go before it, below priority high; likewise.

        Raises:
            LeaseLost: the portal is no longer ours.
            Parked: it is left alone for now, or the day's last calls are kept for others.
            Recalled: a run is to be read again for which the call would leave.
            Stopping: the process is going.

        """
        if self._stopped:
            raise Stopping
        departed: asyncio.Future[Departed] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Departure(rank, next(self._numbers), gather, yields, departed))
        self.stir()
        if self._letting_go is None:
            self._letting_go = asyncio.create_task(self._let_all_go())
        return await departed

    def stir(self) -> None:
        """Ask those that wait for their ranks again: something else may have to leave next."""
        self._stirred.set()

    async def carry(self, departed: Departed, request: Request[T], runs: Sequence[Run] = ()) -> T:
        """Send the request of a departed call; its place is free one window after its end, whatever that was.

        Args:
            departed: from `depart`.
            request: what is sent.
            runs: for whom, if `departed.steps` does not say it.

        """
        try:
            self._leases.check(self._lease)
            concerned = [*runs, *(run for run, _, _ in departed.steps)]
            with within_trace(self._spans, self._hubspot, departed.place, request.operation, concerned) as hubspot:
                answer = await hubspot.within(_left_for(departed)).call(request)
        except CampaignsError as error:
            if isinstance(error, RateLimited) and not error.daily:
                self.pause(error.after or LONGEST_PAUSE)
            await self.parking.heard(departed.era, error)
            raise
        except BaseException:
            self.parking.stay(departed.era)
            raise
        else:
            await self.parking.heard(departed.era, None)
            return answer
        finally:
            self._pace.took(self._clock.now() - departed.at)
            self._ended.add(departed.place)

    def pause(self, seconds: float) -> None:
        """Let nothing leave for that long: HubSpot said so."""
        self._paused_until = max(self._paused_until, self._clock.now() + int(seconds * 1000))

    def stop(self) -> None:
        """Let nothing leave any more."""
        self._stopped = True
        for departure in self._waiting:
            if not departure.departed.done():
                departure.departed.set_exception(Stopping())
        self._waiting.clear()

    async def _let_all_go(self) -> None:
        try:
            while self._waiting:
                self._stirred.clear()
                departure = min(self._waiting, key=_Departure.urgency)
                wait = self._pace.wait(self._allowance.limit, self._clock.now()) if departure.rank() > HIGH else 0
                if not wait:
                    self._waiting.remove(departure)
                    wait = await self._try(departure)
                if wait:
                    await self._wait(wait)
        finally:
            self._letting_go = None

    async def _wait(self, span: int) -> None:
        """Wait for *span* ms, or until something more urgent may leave; places may come free sooner than was said."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(span, WINDOW) / 1000):
                await self._stirred.wait()

    async def _try(self, departure: _Departure) -> int:
        """Let the departure go if it may; else it waits on, for so many milliseconds at first."""
        if departure.departed.done():
            return 0  # whoever asked has gone
        try:
            wait = await self._let_go(departure)
        except Exception as error:  # noqa: BLE001 - whoever asked decides what it means
            if not departure.departed.done():
                departure.departed.set_exception(error)
            return 0
        if wait:
            self._wait_on(departure)
        return wait

    def _wait_on(self, departure: _Departure) -> None:
        if departure.departed.done():
            return  # whoever asked has gone
        if self._stopped:
            departure.departed.set_exception(Stopping())
        else:
            self._waiting.append(departure)

    async def _let_go(self, departure: _Departure) -> int:
        """Grant the departure its place; else how many milliseconds to wait for one."""
        paused = self._paused_until - self._clock.now()
        if paused > 0:
            return paused
        if departure.rank() > HIGH and (span := self._allowance.reserved(self._clock.now())):
            raise Parked("what is left of the day's calls is kept for priority high", after=span / SECOND)
        era = await self.parking.leave()
        try:
            departed = await self._journalled(departure, era)
        except BaseException:
            self.parking.stay(era)
            raise
        if isinstance(departed, Departed) and not departure.departed.done():
            departure.departed.set_result(departed)
            return 0
        self.parking.stay(era)
        # If whoever asked has gone, it has left in the journal but never will: its steps are looked up like any whose
        # answer is missing.
        return 0 if isinstance(departed, Departed) else departed

    async def _journalled(self, departure: _Departure, era: int) -> Departed | int:
        """The call as it leaves; else how many milliseconds to wait for a place."""
        if self._stopped:
            raise Stopping
        steps = departure.gather()
        place = f"{self._lease.token}.{departure.number}"
        self._leases.check(self._lease)
        call = Call(place, self.deadline, steps)
        asked = 0.0

        async def send() -> Granted | Full | Unheard | Withdrawn:
            nonlocal asked
            asked = asyncio.get_running_loop().time()  # before Redis stamps the call's end
            return await self._portals.send(self._lease, call, self._allowance.limit)

        answer = await ride_out(send)
        if isinstance(answer, Full | Unheard):
            return answer.wait
        if isinstance(answer, Withdrawn):
            raise Recalled(answer.runs)
        self._clock.heard(answer.at)
        self._pace.left(self._allowance.limit, answer.at)
        return Departed(answer.at, steps, place, era, asked + self.deadline / 1000)


def _left_for(departed: Departed) -> float:
    """Seconds until the call must have ended.

    Raises:
        Later: there are none.

    """
    left = departed.ends - asyncio.get_running_loop().time()
    if left <= 0:
        raise Later("the journal was heard too late for the call to leave")
    return left
