"""How batches close, leave, and are halved: against calls that leave at once, or when the test says so."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from math import inf
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.errors import InDoubt, Later, Refused
from campaigns.hubspot.batch import Trouble
from campaigns.hubspot.wire import Request
from campaigns.model import Run
from campaigns.states import Sent
from tests.builders import a_run
from workers.batches import FILLS_FOR, Asked, Batches, Kind, Told
from workers.calls import Calls, Departed, Recalled, Steps


class Numbers(Kind[int, tuple[int, ...], int]):
    """Wishes are numbers; each comes to its double."""

    def differs(self, wish: int) -> str:
        return str(wish)

    def shares(self, wish: int) -> Hashable:
        return wish >= 1_000

    def alone(self, wish: int, at: int) -> Request[int]:
        return cast("Request[int]", ((wish,), at))

    def many(self, wishes: Sequence[int], at: int) -> Request[tuple[int, ...]]:
        return cast("Request[tuple[int, ...]]", (tuple(wishes), at))

    def outcomes(self, wishes: Sequence[int], _: int, came: tuple[int, ...] | Trouble) -> Sequence[int | Trouble]:
        return came if isinstance(came, tuple) else [came] * len(wishes)


class Leaving:
    """Calls that leave while the gate is open, to a HubSpot that refuses any batch with one of the *bad* in it."""

    def __init__(self, bad: frozenset[int] = frozenset(), error: Exception | None = None) -> None:
        self.bad, self.error = bad, error
        self.asked, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.sent: list[tuple[int, ...]] = []
        self.stirred = 0
        self.rank: Callable[[], int] = lambda: 0
        self.yields: Callable[[], bool] = lambda: False
        self.recalled: frozenset[str] = frozenset()

    def stir(self) -> None:
        self.stirred += 1

    async def depart(
        self, rank: Callable[[], int], gather: Callable[[], Steps], yields: Callable[[], bool]
    ) -> Departed:
        self.rank, self.yields = rank, yields
        self.asked.set()
        await self.gate.wait()
        steps = gather()
        if recalled := self.recalled & {run.id for run, _, _ in steps}:
            raise Recalled(recalled)
        return Departed(len(self.sent), steps, "place", 0, inf)

    async def carry(self, _: Departed, request: Any, __: object) -> object:  # noqa: ANN401 - as `Numbers` makes it
        wishes, _at = request
        self.sent.append(wishes)
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        if self.bad & set(wishes):
            raise Refused(f"one of {wishes}")
        doubled = tuple(2 * wish for wish in wishes)
        return doubled if len(wishes) > 1 else doubled[0]


def batches(calls: Leaving) -> Batches[int, tuple[int, ...], int]:
    return Batches(cast("Calls", calls), Numbers())


async def all_told(
    calls: Leaving, wishes: Sequence[int], rank: Callable[[int], int] = lambda _: 2
) -> list[Told[int] | BaseException]:
    of = batches(calls)
    asked = [of.ask(Asked(wish, lambda wish=wish: rank(wish), None)) for wish in wishes]  # type: ignore[misc]
    return await asyncio.gather(*asked, return_exceptions=True)


@settings(max_examples=60)
@given(st.integers(1, 50), st.sets(st.integers(0, 49), max_size=4))
def test_of_a_batch_that_is_refused_as_a_whole_only_the_bad_are_refused(size: int, bad: set[int]) -> None:
    told = asyncio.run(all_told(Leaving(frozenset(bad)), range(size)))
    for wish, one in enumerate(told):
        assert isinstance(one, Told)
        assert isinstance(one.outcome, Refused) if wish in bad else one.outcome == 2 * wish


async def test_one_bad_of_fifty_is_found_in_as_many_steps_as_fifty_can_be_halved() -> None:
    calls = Leaving(frozenset({17}))
    await all_told(calls, range(50))
    sizes = sorted((len(wishes) for wishes in calls.sent if 17 in wishes), reverse=True)
    assert sizes == [50, 25, 13, 6, 3, 2, 1]
    assert len(calls.sent) <= 13


async def test_what_is_more_urgent_than_the_halves_of_a_refused_batch_leaves_before_them() -> None:
    calls = Leaving(frozenset({17}))
    of = batches(calls)
    asked = [asyncio.create_task(of.ask(Asked(wish, lambda: 3, None))) for wish in range(50)]
    await until_the_second_waits_to_leave(calls)
    assert (calls.rank(), calls.yields()) == (3, False)
    asked += [asyncio.create_task(of.ask(Asked(wish, lambda: 3, None))) for wish in (60, 61)]
    asked.append(asyncio.create_task(of.ask(Asked(70, lambda: 1, None))))
    await asyncio.sleep(0)
    assert calls.rank() == 1
    calls.gate.set()
    await asyncio.gather(*asked)
    assert calls.sent[:3] == [tuple(range(50)), (70, 60, 61), tuple(range(25))]


async def test_of_the_halves_of_refused_batches_the_most_urgent_leaves_first() -> None:
    calls = Leaving(frozenset({0}))
    told = await all_told(calls, range(8), rank=lambda wish: 3 if wish else 1)
    assert len(told) == 8
    assert calls.sent == [tuple(range(8)), (0, 1, 2, 3), (0, 1), (0,), (4, 5, 6, 7), (2, 3), (1,)]


async def test_halves_that_are_more_urgent_than_what_waits_to_leave_stir_it() -> None:
    """It may wait for long, and asks for its rank again only then."""
    calls = Leaving(frozenset({0}))
    of = batches(calls)
    asked = [asyncio.create_task(of.ask(Asked(wish, lambda: 1, None))) for wish in range(2)]
    await until_the_second_waits_to_leave(calls)
    assert calls.stirred == len(asked) + 1
    calls.gate.set()
    await asyncio.gather(*asked)


async def until_the_second_waits_to_leave(calls: Leaving) -> None:
    """Let one call leave, and close the gate behind it."""
    await calls.asked.wait()
    calls.gate.clear()
    calls.asked.clear()
    await calls.asked.wait()


async def test_what_waits_leaves_by_rank_at_most_fifty_and_alike() -> None:
    calls = Leaving()
    calls.gate.clear()
    waiting = asyncio.create_task(all_told(calls, [*range(1_000, 1_003), *range(60)], rank=lambda wish: wish % 2 + 2))
    await calls.asked.wait()
    calls.gate.set()
    await waiting
    assert calls.sent[0] == (1_000, 1_002, 1_001)
    assert calls.sent[1] == (*range(0, 60, 2), *range(1, 41, 2))
    assert calls.sent[2] == tuple(range(41, 61, 2))


async def test_a_batch_lets_others_go_first_until_it_is_full() -> None:
    calls = Leaving()
    calls.gate.clear()
    of = batches(calls)
    asked = [asyncio.create_task(of.ask(Asked(wish, lambda: 2, None))) for wish in range(49)]
    await calls.asked.wait()
    assert calls.yields()
    asked.append(asyncio.create_task(of.ask(Asked(49, lambda: 2, None))))
    await asyncio.sleep(0)
    assert not calls.yields()
    calls.gate.set()
    await asyncio.gather(*asked)
    assert [len(wishes) for wishes in calls.sent] == [50]


async def test_a_batch_lets_nobody_go_first_for_longer_than_a_window() -> None:
    calls = Leaving()
    calls.gate.clear()
    of = batches(calls)
    asked = asyncio.create_task(of.ask(Asked(1, lambda: 2, None)))
    await calls.asked.wait()
    now = asyncio.get_running_loop().time()
    assert of._fills(now - FILLS_FOR + 1)
    assert not of._fills(now - FILLS_FOR)
    calls.gate.set()
    await asked


async def test_who_is_recalled_leaves_the_others_of_the_batch_where_they_are() -> None:
    calls = Leaving()
    kept, wrong = a_run("kept"), a_run("wrong")
    calls.recalled = frozenset({wrong.id})
    of = batches(calls)

    def asked(wish: int, run: Run) -> Asked[int]:
        return Asked(wish, lambda: 2, run, ((run, "create_campaign", Sent(1)),))

    told = await asyncio.gather(of.ask(asked(1, kept)), of.ask(asked(2, wrong)), return_exceptions=True)
    assert isinstance(told[0], Told)
    assert isinstance(told[1], Recalled)
    assert calls.sent == [(1,)]


@pytest.mark.parametrize("error", [Later("away"), InDoubt("cut off")])
async def test_what_a_batch_comes_to_as_a_whole_each_of_it_comes_to(error: Exception) -> None:
    told = await all_told(Leaving(error=error), range(3))
    assert [one.outcome for one in told if isinstance(one, Told)] == [error] * 3


async def test_what_nobody_expects_is_told_to_each() -> None:
    told = await all_told(Leaving(error=ZeroDivisionError()), range(3))
    assert [type(one) for one in told] == [ZeroDivisionError] * 3
