"""A turn that one has at a time, and that goes on to the most urgent who waits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

import msgspec


class _Waiter(msgspec.Struct, eq=False):
    rank: Callable[[], int]
    number: int
    turn: asyncio.Future[None]

    def urgency(self) -> tuple[int, int]:
        return self.rank(), self.number


class Turns:
    """Whose turn it is: by rank, and the same rank in order of asking."""

    def __init__(self) -> None:
        self._had = False
        self._numbers = count()
        self._waiting: list[_Waiter] = []

    @asynccontextmanager
    async def one(self, rank: Callable[[], int]) -> AsyncIterator[None]:
        """Wait for the turn and have it; *rank* is asked anew whenever it goes on, and smaller ones go first."""
        await self._wait(rank)
        try:
            yield
        finally:
            self._hand_on()

    async def _wait(self, rank: Callable[[], int]) -> None:
        if not self._had:
            self._had = True
            return
        waiter = _Waiter(rank, next(self._numbers), asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if not waiter.turn.cancelled():
                self._hand_on()  # it was given in the same moment
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            raise

    def _hand_on(self) -> None:
        self._waiting = [waiter for waiter in self._waiting if not waiter.turn.done()]
        if not self._waiting:
            self._had = False
            return
        following = min(self._waiting, key=_Waiter.urgency)
        self._waiting.remove(following)
        following.turn.set_result(None)
