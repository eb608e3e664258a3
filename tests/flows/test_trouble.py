"""Long trouble with HubSpot, as a caller's operators and the runs see it: told once, nothing lost, no stampede after."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from campaigns.model import Run
from campaigns.outbound import connected
from campaigns.settings import Settings
from cli.trial import Ports, lay_out
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.delivering import a_notifier, delivering
from tests.flows.engine import accept, ended, serving
from tests.flows.telling import heard, telling, types
from tests.flows.working import until
from tests.receiver import Receiver
from workers.process import Process, opened

pytestmark = pytest.mark.usefixtures("redis")

SHOP = [a_run(f"s-{number}") for number in range(20)]
EVENTS = [a_run(f"e-{number}", caller="events") for number in range(5)]
OFFICE = [a_run("o-1", caller="office")]
ALL = [*SHOP, *EVENTS, *OFFICE]
DOWN = {"do": "status_before", "status": 503}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


@asynccontextmanager
async def at_work(settings: Settings) -> AsyncIterator[Process]:
    """The portal is served, and messages are delivered, meanwhile."""
    async with (
        opened(settings) as process,
        connected(settings) as posts,
        serving(process),
        delivering(a_notifier(process.store, posts)),
    ):
        yield process


async def endings(process: Process, runs: list[Run]) -> set[str | None]:
    return {stored.ending for stored in await ended(process, runs)}


async def test_hubspot_is_down_and_each_caller_is_told_once_and_once_that_it_is_over(
    redis_url: str, redis: Redis, hubspot: Running, receiver: Receiver
) -> None:
    settings = telling(redis_url, hubspot.url, receiver)
    hubspot.plan(DOWN)
    async with at_work(settings) as process:
        await accept(process, ALL)
        await receiver.wait_for(2)
        await asyncio.sleep(1.8)  # a probe after 0.5 s, and one after 1 s more
        assert len(receiver.received) == 2
        hubspot.plan()
        assert await endings(process, ALL) == {"done"}
        await receiver.wait_for(4)
        await until(lambda: nothing_due(redis))
    assert len(receiver.received) == 4
    for caller, runs in (("shop", SHOP), ("events", EVENTS)):
        delayed, recovered = heard(receiver, caller)
        assert (delayed["type"], delayed["portal"], delayed["reason"]) == ("portal.delayed", "acme", "down")
        assert delayed["runs"] == len(runs)
        assert delayed["time"] == delayed["since"] < delayed["until"] < recovered["time"]
        assert (recovered["type"], recovered["since"]) == ("portal.recovered", delayed["since"])


async def nothing_due(redis: Redis) -> bool:
    return not await redis.exists("fanfare:callbacks")


async def test_a_receiver_that_fails_hears_of_it_again_under_the_same_id(
    redis_url: str, redis: Redis, hubspot: Running, receiver: Receiver
) -> None:
    settings = telling(redis_url, hubspot.url, receiver)
    hubspot.plan(DOWN)
    receiver.answer(500)
    receiver.cut()
    async with at_work(settings) as process:
        await accept(process, SHOP)
        await receiver.wait_for(3)
        hubspot.plan()
        await receiver.wait_for(4)
        await until(lambda: nothing_due(redis))
    ids = [one.headers["webhook-id"] for one in receiver.received]
    assert len(set(ids[:3])) == 1
    assert len({one.body for one in receiver.received[:3]}) == 1
    assert types(heard(receiver, "shop")) == {"portal.delayed": 1, "portal.recovered": 1}


async def test_a_revoked_token_is_told_as_such(redis_url: str, hubspot: Running, receiver: Receiver) -> None:
    settings = telling(redis_url, hubspot.url, receiver)
    hubspot.plan({"do": "status_before", "status": 401})
    async with at_work(settings) as process:
        await accept(process, SHOP)
        await receiver.wait_for(1)
        hubspot.plan()
        assert await endings(process, SHOP) == {"done"}
        await receiver.wait_for(2)
    assert [message["reason"] for message in heard(receiver, "shop")] == ["token", "token"]


async def test_a_spent_day_ends_when_the_budget_is_raised(redis_url: str, hubspot: Running, receiver: Receiver) -> None:
    settings = telling(redis_url, hubspot.url, receiver)
    hubspot.limit(per_10s=5_000, per_day=10)
    async with at_work(settings) as process:
        await accept(process, SHOP)
        await receiver.wait_for(1)
        await asyncio.sleep(0.8)  # a probe, which finds the day still spent
        hubspot.limit(per_10s=5_000, per_day=1_000)
        assert await endings(process, SHOP) == {"done"}
        await receiver.wait_for(2)
    assert [message["reason"] for message in heard(receiver, "shop")] == ["day", "day"]
    assert len(hubspot.campaigns()) == len(SHOP)


async def test_a_spent_day_whose_end_hubspot_tells_is_waited_for(
    redis_url: str, hubspot: Running, receiver: Receiver
) -> None:
    settings = telling(redis_url, hubspot.url, receiver)
    hubspot.limit(per_10s=5_000, per_day=10)
    hubspot.turn(retry_after="present")
    async with at_work(settings) as process:
        await accept(process, SHOP)
        (told,) = await receiver.wait_for(1)
        spent = hubspot.stats()["requests"]
        await asyncio.sleep(1.0)
        assert hubspot.stats()["requests"] == spent
    until_ = datetime.fromisoformat(told.verified()["until"])
    midnight = (until_ + timedelta(hours=12)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    assert abs(until_ - midnight) < timedelta(seconds=5)


async def test_who_sends_its_first_trigger_while_the_portal_is_parked_is_told_then(
    redis_url: str, hubspot: Running, receiver: Receiver
) -> None:
    settings = telling(redis_url, hubspot.url, receiver, probe_after=20.0)
    hubspot.plan(DOWN)
    async with at_work(settings) as process:
        await accept(process, SHOP)
        await receiver.wait_for(1)
        await accept(process, EVENTS)
        await receiver.wait_for(2)
    (told,) = heard(receiver, "events")
    assert (told["type"], told["runs"]) == ("portal.delayed", len(EVENTS))
    assert told["since"] == heard(receiver, "shop")[0]["since"] < told["time"]


async def test_a_process_killed_as_it_has_parked_the_portal_keeps_nobody_from_being_told(
    redis_url: str, redis: Redis, hubspot: Running, receiver: Receiver, tmp_path: Path
) -> None:
    """Real processes: the one that parked dies before anybody posts; another one's sweep finds what is to be told."""
    environment = a_trial(tmp_path, redis_url, hubspot, receiver)
    hubspot.plan(DOWN)
    async with a_worker("campaigns", environment) as worker:
        async with opened(telling(redis_url, hubspot.url, receiver)) as process:
            await accept(process, SHOP)
            await process.queue.enqueue_advance(["acme"])
        async with asyncio.timeout(20):
            while not await redis.hexists("fanfare:park:acme", "why"):  # noqa: ASYNC110 - Redis has no event for it
                await asyncio.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    assert receiver.received == []
    async with a_worker("callbacks", environment):
        await receiver.wait_for(1)
    assert receiver.received[0].headers["webhook-id"].endswith(".delayed")


def a_trial(folder: Path, redis_url: str, hubspot: Running, receiver: Receiver) -> dict[str, str]:
    """The environment of programs whose callers have their operators at *receiver*."""
    port = int(hubspot.url.rsplit(":", 1)[1])
    trial = lay_out(folder, Ports(simulator=port), settle=0.3, call_deadline=2.0)
    file = folder / "fanfare.toml"
    file.write_text(
        file.read_text().replace("callback_secret", f'operations_url = "{receiver.url()}"\ncallback_secret')
    )
    return {**trial.environment, "FANFARE_REDIS_URL": redis_url}


@asynccontextmanager
async def a_worker(queue: str, environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process on *queue*; killed at the end if it still runs."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers", queue, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield worker
    finally:
        if worker.returncode is None:
            os.kill(worker.pid, signal.SIGKILL)
            await worker.wait()


async def test_after_trouble_the_backlog_drains_at_the_full_legal_rate_without_a_stampede(
    redis_url: str, hubspot: Running, receiver: Receiver
) -> None:
    """300 runs wait; HubSpot counts 190 calls in ten seconds, and refuses the next."""
    runs = [a_run(f"k-{number}") for number in range(300)]
    settings = telling(redis_url, hubspot.url, receiver)
    hubspot.limit(per_10s=190)
    hubspot.plan(DOWN)
    async with at_work(settings) as process:
        await accept(process, runs)
        await receiver.wait_for(1)
        hubspot.plan()
        assert await endings(process, runs) == {"done"}
        await receiver.wait_for(2)
    stats = hubspot.stats()
    assert "429" not in stats["by_status"]
    assert len(hubspot.campaigns()) == len(runs)
    assert stats["requests"] <= 1.1 * (300 / 50 + 300), "what failed before and the looks for it included"
    done = [row["time"] for row in hubspot.ledger() if row["committed"]]
    assert max(done) - min(done) <= 306 / 190 * 10 + 3, (
        "calls are evenly spaced, and no further apart than the limit asks"
    )
    assert types(heard(receiver, "shop")) == {"portal.delayed": 1, "portal.recovered": 1}
