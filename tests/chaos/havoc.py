"""Striking: whoever has work open is killed or stalled, started again, and struck again; how long a take-over takes."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from campaigns import keys
from tests.chaos.asking import Asking
from tests.chaos.installation import CALLBACKS, SERVICE, Installation
from tests.chaos.looking import Seen, look
from tests.chaos.receiver import Receiver
from tests.chaos.scene import Havoc, Role

GLANCE: Final = 0.005
"""Seconds between two looks for the moment to strike."""

AWAY: Final = 1.0
"""Seconds, at most, that the struck stay away."""

MANY: Final = 10
"""Runs that a stalled holder has in hand besides those with a call in flight: it would go on with them."""

STALL: Final = keys.LEASE / 1000 + 1.5
"""Seconds for which a process is stopped: its lease ends, and another takes the portal."""


class TakeOver(msgspec.Struct, frozen=True):
    """From the SIGKILL of a holder to the TAKE of another process, by Redis's clock.

    Attributes:
        span: milliseconds.
        disturbed: whether Valkey was killed meanwhile.

    """

    span: int
    disturbed: bool


class Chance:
    """The one who strikes.

    Attributes:
        struck: kills of each role, each with work of the victim open.
        stalls: holders stopped for longer than their lease.
        take_overs: measured after each kill of a holder.

    """

    def __init__(self, installation: Installation, redis: Redis, asking: Asking, receiver: Receiver, seed: int) -> None:
        self._installation = installation
        self._redis = redis
        self._asking = asking
        self._receiver = receiver
        self._seed = seed
        self._watching: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()
        self.struck: Counter[Role] = Counter()
        self.stalls = 0
        self.take_overs: list[TakeOver] = []

    @property
    def over(self) -> bool:
        """Whether nobody is struck any more."""
        return self._ended.is_set()

    async def strike(self, havoc: Havoc) -> None:
        """Strike as often as *havoc* says, or until it is over."""
        dice = random.Random(f"{self._seed} {havoc.act} {havoc.victim}")  # noqa: S311 - havoc must be repeatable
        done = 0
        while havoc.times is None or done < havoc.times:
            if self._watching and havoc.victim == "holder":
                await self._until_taken_over()
            await self.pause(dice.uniform(*havoc.gaps))
            if self.over:
                return
            await self._strike(havoc, dice.uniform(0, AWAY))
            done += 1

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than havoc lasts."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)

    def end(self) -> None:
        """Strike no more."""
        self._ended.set()

    def look_away(self) -> None:
        """Wait for no more take-overs."""
        for watching in self._watching:
            watching.cancel()

    async def _strike(self, havoc: Havoc, away: float) -> None:
        match havoc.victim:
            case "valkey":
                await self._strike_valkey(away)
            case "holder":
                await self._strike_holder(havoc, away)
            case "service":
                await self._strike_program(SERVICE, lambda: self._asking.in_hand > 0, "service", away)
            case "callbacks":
                await self._strike_program(CALLBACKS, lambda: self._receiver.in_hand > 0, "callbacks", away)

    async def _strike_program(self, name: str, busy: Callable[[], bool], role: Role, away: float) -> None:
        while not busy():
            if self.over:
                return
            await asyncio.sleep(GLANCE)
        self._installation.kill(name)
        self.struck[role] += 1
        await asyncio.sleep(away)
        self._installation.start(name)

    async def _strike_valkey(self, away: float) -> None:
        if await self._when(lambda seen: seen.open_calls > 0 or seen.open_runs > 0) is None:
            return
        self.struck["valkey"] += 1
        await self._installation.kill_valkey()
        await asyncio.sleep(away)
        await self._installation.start_valkey()

    async def _strike_holder(self, havoc: Havoc, away: float) -> None:
        others = MANY if havoc.act == "stall" else 0
        seen = await self._when(
            lambda seen: 0 < seen.open_calls <= seen.in_hand - others and self._victim(seen) is not None
        )
        if seen is None or (name := self._victim(seen)) is None:
            return
        if havoc.act == "stall":
            await self._stall(name)
            return
        self._installation.kill(name)
        self.struck["holder"] += 1
        watching = asyncio.create_task(self._watch(seen, self.struck["valkey"]))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        await asyncio.sleep(away)
        self._installation.start(name)

    def _victim(self, seen: Seen) -> str | None:
        return None if seen.holder is None else self._installation.name_of(seen.holder)

    async def _stall(self, name: str) -> None:
        pid = self._installation.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(STALL)
            self.stalls += 1
        finally:
            if self._installation.name_of(pid) == name:  # else it was killed meanwhile
                os.kill(pid, signal.SIGCONT)

    async def _watch(self, killed: Seen, valkeys: int) -> None:
        """Measure the take-over of the portal from its killed holder."""
        while True:
            seen = await self._look()
            if seen is not None and seen.lease and seen.lease != killed.lease:
                # Looked at so often that it has not been renewed yet: what remains of it says when it was taken.
                span = seen.renewed_at - killed.now
                self.take_overs.append(TakeOver(span, self.struck["valkey"] != valkeys))
                return
            await asyncio.sleep(0.05)

    async def _when(self, right: Callable[[Seen], bool]) -> Seen | None:
        """What was seen when the moment was *right*; None when it was over before."""
        while not self.over:
            seen = await self._look()
            if seen is not None and right(seen):
                return seen
            await asyncio.sleep(GLANCE)
        return None

    async def _look(self) -> Seen | None:
        try:
            return await look(self._redis)
        except (RedisError, OSError):
            return None  # Valkey is away

    async def _until_taken_over(self) -> None:
        ended = asyncio.create_task(self._ended.wait())
        await asyncio.wait({ended, *self._watching}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
