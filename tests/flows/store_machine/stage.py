"""Where the rules play: the store, the model beside it, and what both went through."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from redis.asyncio import Redis

from campaigns.quota import Limit
from campaigns.store import Store
from campaigns.store.portals import Lease, LeaseLost
from tests.flows.store_machine.hands import Holding, Worker
from tests.flows.store_machine.picture import Picture
from tests.flows.store_machine.stopped_clock import begin
from tests.flows.store_machine.world import World

T = TypeVar("T")

SECOND: Final = 1_000
HOUR: Final = 3_600 * SECOND
DAY: Final = 24 * HOUR
RETENTION: Final = 30 * DAY
SETTLE: Final = 2 * SECOND
LASTS: Final = 3 * SECOND
LIMIT: Final = Limit(per_window=2, per_day=None)
CAP: Final = 2
"""How many campaigns a recipe that is capped may make in an hour."""

Having = Literal["nothing", "idle runs", "calls"]

A_MOMENT: Final = 1
"""Milliseconds: what has no more left is gone when the next script runs."""

PORTALS: Final = st.sampled_from(["acme", "acme", "acme", "beta"])
WORKERS: Final = st.sampled_from(["one", "two"])
WHICH: Final = st.integers(min_value=0, max_value=9)
SPANS: Final = st.sampled_from([1_000, 3_000, 7_000])


class Stage(RuleBasedStateMachine):
    """The store, the model beside it, and what both went through.

    Args:
        runner: of the loop in which Redis is asked.
        redis: empty.
        store: on *redis*.

    Attributes:
        set_back: how much Redis's clock was set back, so far (ms): true time is as much ahead of it.
        before: what Redis held before the last step.
        picture: what it holds now.
        places: how many calls have asked for a place in the quota, so far.
        bulks: how many bulks operators have begun, so far.
        wrong: what has happened that must not, by the invariant that it breaks.

    """

    def __init__(self, runner: asyncio.Runner, redis: Redis, store: Store) -> None:
        super().__init__()
        self._runner = runner
        self.redis = redis
        self.store = store
        self.world = World()
        self.workers = {name: Worker(name) for name in ("one", "two")}
        self.set_back = 0
        self.places = 0
        self.bulks = 0
        self.wrong: list[tuple[str, str]] = []
        self.act(begin(redis))
        self.before = self.picture = self.act(Picture.of(redis))

    def act(self, doing: Awaitable[T]) -> T:
        """What *doing* gives."""

        async def do() -> T:
            return await doing

        return self._runner.run(do())

    def look(self) -> Picture:
        """See what Redis holds after a step."""
        self.before, self.picture = self.picture, self.act(Picture.of(self.redis))
        return self.picture

    def wrongly(self, invariant: str, what: str) -> None:
        """Something has happened that must not."""
        self.wrong.append((invariant, what))

    @property
    def true_now(self) -> int:
        """True time, as of the last look."""
        return self.picture.now + self.set_back

    def believers(self, having: Having = "nothing") -> list[tuple[Worker, Holding]]:
        """Who believes to serve which portal, *having* runs in hand that are idle, or calls under way."""
        found = [(worker, held) for worker in self.workers.values() for _, held in sorted(worker.portals.items())]
        match having:
            case "idle runs":
                return [row for row in found if row[1].idle(0)]
            case "calls":
                return [row for row in found if row[1].out]
            case _:
                return found

    def believer(self, who: int, having: Having = "nothing") -> tuple[Worker, Holding]:
        """One of them; there is one."""
        found = self.believers(having)
        return found[who % len(found)]

    def as_holder(self, worker: Worker, lease: Lease, doing: Callable[[], Awaitable[T]]) -> T | None:
        """Do something that only the holder of *lease* may; None when the store refused."""
        holds = self.picture.lease(lease.portal) == str(lease)
        try:
            answer = self.act(doing())
        except LeaseLost:
            if holds and self.picture.left_of("lease", lease.portal) > A_MOMENT:
                self.wrongly("one_process_serves_a_portal", f"{lease} was refused though it is in force")
            worker.portals.pop(lease.portal, None)
            going, after = self.picture.going(A_MOMENT), self.act(Picture.of(self.redis))
            if self.picture.without(going) != after.without(going):
                self.wrongly("who_lost_the_lease_saves_nothing", f"{lease} was refused, and has changed something")
            self.look()
            return None
        if not holds:
            self.wrongly("who_lost_the_lease_saves_nothing", f"{lease} is not in force, and was not refused")
        self.look()
        return answer
