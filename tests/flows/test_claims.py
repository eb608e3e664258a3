"""What was claimed goes on, also when an answer is lost or late: runs stand in flight and in nobody's hand until asked for."""

import asyncio
from collections.abc import Iterable, Sequence

import pytest
from redis.asyncio import Redis

from campaigns.model import Priority, Run
from campaigns.store.portals import Claimed, Lease, Portals, Saved
from campaigns.store.scripts import Scripts
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.cutting import a_line
from tests.flows.engine import accept, advanced, ended, engine, holding, serving, settings_of
from workers.process import Process, opened

SOON = 15.0
"""Seconds; once it is asked again, what was taken goes on at once."""


@pytest.mark.usefixtures("redis")
async def test_what_a_lost_first_claim_took_goes_on_while_others_keep_the_portal_busy(
    redis_url: str, hubspot: Running
) -> None:
    taken = [a_run(f"taken-{number}") for number in range(4)]
    async with a_line(redis_url) as line, engine(line.url, hubspot.url) as process:
        await advanced(process, [a_run("before")])  # Redis knows the scripts from now on
        await accept(process, taken)
        line.lose_the_answer_to("claim")
        async with serving(process):
            await line.answer_lost.wait()
            others = asyncio.create_task(keep_busy(process))
            try:
                stored = await asyncio.wait_for(ended(process, taken), SOON)
            finally:
                others.cancel()
    assert [one.ending for one in stored] == ["done"] * 4


class LateSave(Portals):
    """The answer to the first save that puts *run* elsewhere comes once the run was claimed again, and others after it."""

    def __init__(self, redis: Redis, run: Run) -> None:
        super().__init__(Scripts(redis))
        self._run = run
        self._saved = self._claimed = False
        self.claimed_again = asyncio.Event()

    async def save(self, lease: Lease, changes: Sequence[Saved]) -> tuple[int, tuple[Priority, ...], tuple[bool, ...]]:
        answer = await super().save(lease, changes)
        if not self._saved and any(one.run.id == self._run.id and one.place != "flight" for one in changes):
            self._saved = True
            await self.claimed_again.wait()
        return answer

    async def claim(self, lease: Lease, most: int, most_high: int, *, in_hand: Iterable[str] | None = None) -> Claimed:
        claimed = await super().claim(lease, most, most_high, in_hand=in_hand)
        if self._claimed:
            self.claimed_again.set()
        self._claimed |= self._saved and any(one.run.id == self._run.id for one in claimed.runs)
        return claimed


async def test_a_run_that_is_claimed_again_before_its_own_save_is_answered_goes_on(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    run = a_run("one")
    portals = LateSave(redis, run)

    hubspot.plan({"method": "POST", "do": "status_before", "status": 503, "times": 1})
    async with opened(settings_of(redis_url, hubspot.url), store=holding(portals)) as process:
        await accept(process, [run])
        async with serving(process):
            others = asyncio.create_task(keep_claiming(process))
            try:
                await portals.claimed_again.wait()
                (stored,) = await asyncio.wait_for(ended(process, [run]), SOON)
            finally:
                others.cancel()
    assert stored.ending == "done"


async def keep_claiming(process: Process) -> None:
    """Triggers in quick succession: each wakes the holder, which claims."""
    number = 0
    while True:
        await accept(process, [a_run(f"another-{number}")])
        await asyncio.sleep(0.1)
        number += 1


async def keep_busy(process: Process) -> None:
    """One run after the other, so that the portal is never idle."""
    number = 0
    while True:
        one = [a_run(f"other-{number}")]
        await accept(process, one)
        await ended(process, one)
        number += 1
