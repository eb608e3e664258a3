"""Parking under any interleaving: of calls that leave, of what they end in, of time, and of what Redis is told."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from campaigns.errors import (
    CampaignsError,
    InDoubt,
    Later,
    MissingScope,
    Parked,
    Problem,
    RateLimited,
    Refused,
    Revoked,
    Unauthorized,
)
from campaigns.parking import Reason, probe_says
from campaigns.store.parked import Parked as Kept
from campaigns.store.parked import Trouble
from campaigns.store.portals import Lease
from workers.clock import Clock
from workers.parking import LONGEST_PROBE, Parking

NOW: Final = 1_795_000_000_000
FIRST: Final = 60_000
LEASE: Final = Lease("acme", "process-1", "token-1")

ENDS: Final[tuple[Callable[[], CampaignsError | None], ...]] = (
    lambda: None,
    lambda: Refused("no such asset"),
    lambda: MissingScope("403"),
    lambda: RateLimited("burst"),
    lambda: RateLimited("day", daily=True),
    lambda: Later("503"),
    lambda: Later(problem=Problem("moving", status=477)),
    lambda: InDoubt("cut"),
    lambda: Unauthorized("401"),
    lambda: Revoked("refused"),
)


class SlowlyKept(Kept):
    """What Redis holds of the portal; each write waits until the test lets it through."""

    def __init__(self) -> None:
        self.why: Reason | None = None
        self.span = 0
        self.writes: list[asyncio.Event] = []

    async def park(self, lease: Lease, why: Reason, span: int, problem: str) -> int:  # noqa: ARG002 - as Redis takes it
        await self._turn()
        self.why, self.span = why, span
        return NOW

    async def unpark(self, lease: Lease, calm: int) -> int:  # noqa: ARG002 - likewise
        await self._turn()
        self.why, self.span = None, 0
        return NOW

    async def _turn(self) -> None:
        written = asyncio.Event()
        self.writes.append(written)
        await written.wait()


class Out(msgspec.Struct, frozen=True, eq=False):
    """A call that has left: in which era, when, after how many parkings, and whether as a probe."""

    era: int
    at: int
    parkings: int
    probe: bool


class Interleaved(RuleBasedStateMachine):
    """One portal's parking; the test plays HubSpot, Redis and the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.passed = 0
        self.clock = Clock(lambda: self.passed / 1000)
        self.clock.heard(NOW)
        self.kept = SlowlyKept()
        self.parking = Parking(self.kept, LEASE, Trouble(), clock=self.clock, zone="UTC", probe_after=FIRST)
        self.asking: list[asyncio.Task[int]] = []
        self.hearing: list[asyncio.Task[None]] = []
        self.out: list[Out] = []
        self.parkings = 0

    @property
    def parked(self) -> tuple[Reason | None, int]:
        """Whether it is, and until when."""
        return self.parking._why, self.parking._until

    @rule()
    def a_call_asks(self) -> None:
        why, until = self.parked
        self.asking.append(self.do(self.parking.leave()))
        asked = self.asking[-1]
        self.play()
        if why is not None and self.clock.now() < until:
            assert isinstance(asked.exception(), Parked)

    @rule(span=st.sampled_from([1, 1_000, LONGEST_PROBE]))
    def time_passes(self, span: int) -> None:
        self.passed += span

    @precondition(lambda self: self.parked[0] is not None and self.clock.now() < self.parked[1])
    @rule()
    def the_time_of_the_probe_comes(self) -> None:
        self.passed += self.parked[1] - self.clock.now()

    @precondition(lambda self: self.out)
    @rule(which=st.integers(min_value=0), end=st.sampled_from(ENDS))
    def a_call_ends(self, which: int, end: Callable[[], CampaignsError | None]) -> None:
        call, error, before = self.out.pop(which % len(self.out)), end(), self.parked
        self.hearing.append(self.do(self.parking.heard(call.era, error)))
        self.play()
        if call.parkings < self.parkings:
            assert self.parked == before, "it left before the portal was parked, and says nothing"
        elif call.probe and self.is_believed(call):
            assert (self.parked[0] is None) == (probe_says(error) == "well")
        if self.parked[0] is not None and self.parked != before:
            self.parkings += 1

    @precondition(lambda self: self.out)
    @rule(which=st.integers(min_value=0))
    def a_call_does_not_leave_after_all(self, which: int) -> None:
        self.parking.stay(self.out.pop(which % len(self.out)).era)
        self.play()

    @precondition(lambda self: self.kept.writes)
    @rule(which=st.integers(min_value=0))
    def redis_writes(self, which: int) -> None:
        self.kept.writes.pop(which % len(self.kept.writes)).set()
        self.play()

    @invariant()
    def there_is_never_a_second_probe(self) -> None:
        assert sum(call.probe and self.is_believed(call) for call in self.out) <= 1

    @invariant()
    def who_waits_waits_for_a_probe(self) -> None:
        """And so, once the portal is well, for nothing."""
        if any(not asked.done() for asked in self.asking):
            assert self.parked[0] is not None
            assert any(call.probe for call in self.out)

    @invariant()
    def redis_holds_what_was_decided_last(self) -> None:
        if not self.kept.writes:
            assert all(heard.done() for heard in self.hearing)
            assert self.kept.why == self.parked[0]
            assert self.kept.span == self.parking._pause

    def is_believed(self, call: Out) -> bool:
        """Whether *call* has not been given up."""
        return self.clock.now() < call.at + LONGEST_PROBE

    def do(self, act: Any) -> asyncio.Task[Any]:  # noqa: ANN401 - any coroutine
        return self.runner.get_loop().create_task(act)

    def play(self) -> None:
        """Let everything go on that can, and see who has left."""
        self.runner.run(_some_rounds())
        for asked in [asked for asked in self.asking if asked.done()]:
            self.asking.remove(asked)
            if asked.exception() is None:
                probe = self.parked[0] is not None
                self.out.append(Out(asked.result(), self.clock.now(), self.parkings, probe))
        for heard in [heard for heard in self.hearing if heard.done()]:
            self.hearing.remove(heard)
            heard.result()

    def teardown(self) -> None:
        for task in (*self.asking, *self.hearing):
            task.cancel()
        self.runner.run(_some_rounds())
        self.runner.close()


async def _some_rounds() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


TestInterleaved = Interleaved.TestCase
TestInterleaved.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def a_parking(kept: Kept) -> Parking:
    clock = Clock(lambda: 0.0)
    return Parking(kept, LEASE, Trouble(), clock=clock, zone="UTC", probe_after=0)


def why(parking: Parking) -> Reason | None:
    return parking._why


async def test_what_was_decided_first_is_written_first_also_after_redis_was_away() -> None:
    """Else a portal that is in trouble again would look well to the next process."""
    kept = SlowlyKept()
    parking = a_parking(kept)
    first = asyncio.create_task(parking.heard(await parking.leave(), RateLimited("day", daily=True)))
    await _some_rounds()
    kept.writes.pop().set()
    await first
    hearing = []
    for end in (None, RateLimited("day", daily=True)):
        hearing.append(asyncio.create_task(parking.heard(await parking.leave(), end)))
        await _some_rounds()
    while kept.writes:
        kept.writes.pop().set()
        await _some_rounds()
    await asyncio.gather(*hearing)
    assert kept.why == why(parking) == "day"


async def test_a_token_is_given_up_only_when_a_call_that_bore_the_fresh_one_is_rejected() -> None:
    """Many calls are out when a token is rotated, and all come back with a 401."""
    parking = a_parking(SlowlyKept())
    eras = [await parking.leave() for _ in range(20)]
    for era in eras:
        await parking.heard(era, Unauthorized("401"))
    assert why(parking) is None
    hearing = asyncio.create_task(parking.heard(await parking.leave(), Unauthorized("401")))
    await _some_rounds()
    assert why(parking) == "token"
    hearing.cancel()
