"""A turn that one has at a time: who gets it next, and that nobody who goes keeps it."""

import asyncio
from collections.abc import Callable

from workers.turns import Turns


class Queueing:
    """Tasks that ask for a turn, and the order in which they had it."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.had: list[str] = []
        self.go_on = asyncio.Event()
        self.most = self.at_once = 0

    async def asks(self, name: str, rank: Callable[[], int] = lambda: 0) -> asyncio.Task[None]:
        """A task that has asked."""
        task = asyncio.create_task(self._has(name, rank))
        await asyncio.sleep(0)
        return task

    async def _has(self, name: str, rank: Callable[[], int]) -> None:
        async with self.turns.one(rank):
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.had.append(name)
            try:
                await self.go_on.wait()
            finally:
                self.at_once -= 1


async def over(*tasks: asyncio.Task[None]) -> None:
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_at_a_time_has_it_and_those_of_one_rank_in_order_of_asking() -> None:
    queueing = Queueing()
    tasks = [await queueing.asks(name) for name in "abcd"]
    queueing.go_on.set()
    await over(*tasks)
    assert (queueing.had, queueing.most) == (list("abcd"), 1)


async def test_the_most_urgent_has_it_next() -> None:
    queueing = Queueing()
    tasks = [await queueing.asks(f"rank {rank}", lambda rank=rank: rank) for rank in (2, 3, 1, 2)]  # type: ignore[misc]
    queueing.go_on.set()
    await over(*tasks)
    assert queueing.had == ["rank 2", "rank 1", "rank 2", "rank 3"], "the first found nobody there"


async def test_who_becomes_more_urgent_while_waiting_goes_first() -> None:
    queueing, ranks = Queueing(), {"late": 3}
    tasks = [
        await queueing.asks("first"),
        await queueing.asks("other", lambda: 2),
        await queueing.asks("late", lambda: ranks["late"]),
    ]
    ranks["late"] = 1
    queueing.go_on.set()
    await over(*tasks)
    assert queueing.had == ["first", "late", "other"]


async def test_who_goes_while_waiting_is_passed_over() -> None:
    queueing = Queueing()
    holder, gone, other = [await queueing.asks(name) for name in ("holder", "gone", "other")]
    gone.cancel()
    queueing.go_on.set()
    await over(holder, gone, other)
    assert queueing.had == ["holder", "other"]


async def test_who_goes_while_having_it_hands_it_on() -> None:
    queueing = Queueing()
    holder, other = [await queueing.asks(name) for name in ("holder", "other")]
    holder.cancel()
    await over(holder)
    queueing.go_on.set()
    await over(other)
    assert queueing.had == ["holder", "other"]


async def test_who_goes_as_it_is_given_hands_it_on() -> None:
    queueing = Queueing()
    async with queueing.turns.one(lambda: 0):
        given, other = [await queueing.asks(name) for name in ("given", "other")]
    given.cancel()  # it has the turn, and has not heard of it
    queueing.go_on.set()
    await over(given, other)
    assert queueing.had == ["other"]


async def test_it_is_free_when_all_have_gone() -> None:
    queueing = Queueing()
    holder, waiter = [await queueing.asks(name) for name in ("holder", "waiter")]
    waiter.cancel()
    holder.cancel()
    await over(holder, waiter)
    queueing.go_on.set()
    await over(await queueing.asks("next"))
    assert queueing.had == ["holder", "next"]
