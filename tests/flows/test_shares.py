"""Many portals, several processes: each serves its share, and a process that comes later gets its own."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from redis.asyncio import Redis

from campaigns.queue import Queue
from campaigns.settings import Portal, Settings
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, ended
from tests.settings import TOKEN, some_settings
from workers.process import Process, opened

PORTALS: Final = ("p1", "p2", "p3", "p4")
PATIENCE: Final = 30.0


def four_portals(redis_url: str, hubspot: Running) -> Settings:
    acme = Portal(token=TOKEN, base_url=hubspot.url, settle=0.3, call_deadline=2.0)
    return some_settings(redis_url, portals=dict.fromkeys(PORTALS, acme))


async def test_a_process_with_more_than_its_share_gives_portals_back_and_pops_no_job_until_others_have_them(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    hubspot.plan({"do": "delay", "delay_ms": 500})
    settings = four_portals(redis_url, hubspot)
    jobs: list[asyncio.Task[None]] = []

    def serve(process: Process, portal: str) -> None:
        jobs.append(asyncio.create_task(process.advance(portal, longest=None)))

    async def shared_out() -> bool:
        """Whether both serve two; the second does what RQ would have it do, the first pops no job while it may not."""
        for portal in PORTALS:
            if not await redis.exists(f"fanfare:lease:{portal}"):
                serve(second, portal)
        return sorted((await _served(redis)).values()) == [2, 2] and first.may_pop() and second.may_pop()

    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(opened(settings, serves=True))
        await accept(first, [a_run(f"{portal}-{n}", portal=portal) for portal in PORTALS for n in range(80)])
        for portal in PORTALS:
            serve(first, portal)
        await _until(lambda: _is(redis, {4: 1}))
        second = await stack.enter_async_context(opened(settings, serves=True))
        await _until(lambda: _so(not first.may_pop()))
        await _until(shared_out)
        for process in (first, second):
            process.stopping.set()
        await asyncio.gather(*jobs)


class _AtOnce(Queue):
    """A queue from which this very process pops each job before whoever has enqueued it hears so."""

    def __init__(self, redis: Redis, process: Process) -> None:
        super().__init__(redis)
        self._process = process
        self.jobs: list[asyncio.Task[None]] = []

    async def enqueue_advance(self, portals: Sequence[str]) -> None:
        self.jobs += [asyncio.create_task(self._process.advance(portal, longest=None)) for portal in portals]
        await asyncio.sleep(0)


async def test_a_process_that_pops_the_job_for_a_portal_that_it_gives_back_takes_it_again(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    hubspot.plan({"do": "delay", "delay_ms": 100})
    async with opened(four_portals(redis_url, hubspot)) as process:
        process.queue = queue = _AtOnce(redis, process)
        runs = [a_run(f"p1-{number}", portal="p1", subject="one") for number in range(4)]
        await accept(process, runs)
        await process.advance("p1", longest=0.05)
        await ended(process, runs)
        process.stopping.set()
        await asyncio.gather(*queue.jobs)


async def test_a_process_alone_keeps_all_portals(redis: Redis, redis_url: str, hubspot: Running) -> None:
    async with opened(four_portals(redis_url, hubspot), serves=True) as process:
        runs = [a_run(f"{portal}-{number}", portal=portal) for portal in PORTALS for number in range(40)]
        await accept(process, runs)
        jobs = [asyncio.create_task(process.advance(portal, longest=None)) for portal in PORTALS]
        for portal in PORTALS:
            await _until(lambda portal=portal: redis.exists(f"fanfare:lease:{portal}"))  # type: ignore[misc]
        await _until(lambda: _ended(redis, len(runs)))
        assert process.may_pop()
        assert sum((await _served(redis)).values()) == len(PORTALS)
        process.stopping.set()
        await asyncio.gather(*jobs)


async def _served(redis: Redis) -> Counter[bytes]:
    """How many portals each process serves."""
    leases = [await redis.get(f"fanfare:lease:{portal}") for portal in PORTALS]
    return Counter(lease.split(b" ")[0] for lease in leases if isinstance(lease, bytes))


async def _is(redis: Redis, wanted: dict[int, int]) -> bool:
    return Counter((await _served(redis)).values()) == wanted


async def _ended(redis: Redis, runs: int) -> bool:
    return await redis.zcard("fanfare:ended") == runs


async def _so(told: bool) -> bool:
    return told


async def _until(condition: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - Redis has no event for it
            await asyncio.sleep(0.02)
