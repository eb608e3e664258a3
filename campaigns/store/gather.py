"""What arrives while one round trip is in flight leaves with the next, together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Gather(Generic[Item, Answer]):
    """Carries items to *carry* in groups: at once when idle, else with the next round trip.

    Args:
        carry: takes the items of one group, gives one answer for each, in order.
        most: how many items a group holds at the most.

    """

    def __init__(self, carry: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]], *, most: int) -> None:
        self._carry = carry
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._carrying: asyncio.Task[None] | None = None

    def add(self, item: Item) -> asyncio.Future[Answer]:
        """The answer to *item*, to be awaited; raises what carrying its group raised."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._carrying is None:
            self._carrying = asyncio.create_task(self._carry_all())
        return answer

    async def _carry_all(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._carry_group(group)
        finally:
            self._carrying = None

    async def _carry_group(self, group: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._carry([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - whoever waits for an answer decides what the error means
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if not future.done():
                future.set_result(answer)
