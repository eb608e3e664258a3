"""The line to Redis breaks or goes silent: nothing that was done is done twice, and nobody waits for ever."""

import asyncio

import pytest
from redis.asyncio import Redis

from campaigns.errors import Unavailable
from campaigns.store import Store, connection
from campaigns.store.connection import PATIENCE
from campaigns.store.patience import ride_out
from campaigns.store.scripts import ScriptName
from simulator.fixture import Running
from tests.builders import a_run, acceptable
from tests.flows.cutting import a_line
from tests.flows.engine import accept, ended, engine, serving
from tests.flows.serving import a_service, problem, send
from tests.flows.valkeys import a_pair
from tests.flows.working import a_worker, push, until, word, working
from tests.settings import some_settings


@pytest.mark.usefixtures("redis")  # which is empty then
@pytest.mark.parametrize("name", ["accept", "claim", "send", "answered", "save", "finish", "renew"])
async def test_an_answer_of_redis_that_is_lost_costs_no_run(redis_url: str, hubspot: Running, name: ScriptName) -> None:
    """Redis has done it, and whoever asked does not know."""
    runs = [a_run(f"k-{number}") for number in range(5)]
    async with a_line(redis_url) as line, engine(line.url, hubspot.url) as process:
        await accept(process, runs[:1])
        async with serving(process):
            await ended(process, runs[:1])  # all scripts are known to Redis, and called by their hashes
            line.lose_the_answer_to(name)
            async with asyncio.timeout(15):
                await ride_out(lambda: accept(process, runs[1:]))  # a caller sends again what was not confirmed
                found = await ended(process, runs)
                await line.answer_lost.wait()
    assert {stored.ending for stored in found} == {"done"}
    assert len(hubspot.campaigns()) == len(runs)


@pytest.mark.usefixtures("redis")
async def test_a_portal_whose_lease_cannot_be_asked_for_is_left_to_the_next_call(
    redis_url: str, hubspot: Running
) -> None:
    """A job of RQ's that fails would stand there for a day as a fault of ours."""
    run = a_run("k-1")
    async with a_line(redis_url) as line, engine(line.url, hubspot.url) as process:
        await accept(process, [run])
        line.fall_silent()
        await process.advance(run.portal, longest=None)
        line.speak()
        async with serving(process), asyncio.timeout(30):
            await ended(process, [run])


@pytest.mark.usefixtures("redis")
async def test_a_line_that_falls_silent_keeps_no_caller_waiting(redis_url: str) -> None:
    """Nothing is refused and nothing is answered: what a network does when it is parted."""
    async with a_line(redis_url) as line, a_service(some_settings(line.url)) as http:
        assert (await send(http)).status_code == 202
        line.fall_silent()
        async with asyncio.timeout(2 * PATIENCE):
            assert problem(await send(http)) == (503, "unavailable")
        assert (await http.get("/readyz")).status_code == 503
        line.speak()
        assert (await send(http)).headers["idempotent-replayed"] == "true"


async def test_a_worker_goes_on_when_the_line_speaks_again(
    redis: Redis, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def noticed() -> bool:
        return "AsyncWorker._pop waits" in caplog.text

    async with a_line(redis_url) as line, connection.client(line.url) as own, working(a_worker(own)):
        await push(redis, "note", "before")
        assert await word(redis, "noted") == "before"
        line.fall_silent()
        await until(noticed)
        line.speak()
        await push(redis, "note", "after")
        assert await word(redis, "noted") == "after"


async def test_a_connection_to_a_primary_that_has_become_a_replica_is_given_up() -> None:
    """Its name leads to the new one long since; the connection still stands, and would answer READONLY for ever."""
    with a_pair() as pair:
        async with a_line(pair.primary.url) as line, connection.client(line.url) as redis:
            store = Store(redis)
            await store.acceptance.accept(acceptable(a_run("k-1"), "k-1"))
            pair.promote()
            pair.primary.ask("REPLICAOF", "127.0.0.1", str(pair.replica.port))
            line.lead_to(pair.replica.url)
            with pytest.raises(Unavailable, match="read only"):
                await store.acceptance.accept(acceptable(a_run("k-2"), "k-2"))
            assert (await store.acceptance.accept(acceptable(a_run("k-2"), "k-2"))).outcome == "accepted"
