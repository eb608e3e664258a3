"""What a holder's first claim took is taken in hand, also when the answer to it is lost."""

import asyncio

import pytest

from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.cutting import a_line
from tests.flows.engine import accept, advanced, ended, engine, serving
from workers.process import Process

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


async def keep_busy(process: Process) -> None:
    """One run after the other, so that the portal is never idle."""
    number = 0
    while True:
        one = [a_run(f"other-{number}")]
        await accept(process, one)
        await ended(process, one)
        number += 1
