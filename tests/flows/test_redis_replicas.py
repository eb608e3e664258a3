"""With replicas: what one of them has not heard of does not count, so nothing that counts is lost when it takes over."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from redis.asyncio import Redis

from campaigns.errors import Invalid, NotYetDurable
from campaigns.model import Run
from campaigns.settings import Settings
from campaigns.store import Store
from campaigns.store.vitals import Vitals
from simulator.fixture import Running, running
from tests.builders import a_run, acceptable
from tests.flows.engine import ended, serving
from tests.flows.serving import a_service, problem, send
from tests.flows.valkeys import Pair, a_pair
from tests.flows.working import until
from tests.settings import a_caller, bearer, some_settings
from workers.process import Process, opened


@pytest.fixture
def pair() -> Iterator[Pair]:
    with a_pair() as found:
        yield found


@pytest.fixture(scope="module")
def hubspot() -> Iterator[Running]:
    with running() as simulator:
        yield simulator


@pytest.fixture
async def primary(pair: Pair) -> AsyncIterator[Redis]:
    async with Redis.from_url(pair.primary.url) as client:
        yield client


def replicated(pair: Pair, hubspot: str = "http://127.0.0.1:8900", replicas: int | None = 1) -> Settings:
    """Settings of an installation whose Redis is the pair."""
    told = some_settings(pair.primary.url, hubspot=hubspot, settle=0.3, call_deadline=2.0)
    return msgspec.structs.replace(told, replicas=replicas)


async def test_an_acceptance_counts_once_the_replica_has_it(pair: Pair) -> None:
    async with a_service(replicated(pair)) as http:
        first = await send(http)
        assert first.status_code == 202
        pair.primary.kill()
        pair.promote()
        async with Redis.from_url(pair.replica.url) as other:
            assert (await Store(other).runs.read(first.json()["id"])).place == "line"


async def test_a_verb_counts_once_the_replica_has_it(pair: Pair) -> None:
    told = msgspec.structs.replace(replicated(pair), callers={"shop": a_caller("shop", rights=("send", "operate"))})
    async with a_service(told) as http:
        run = (await send(http)).json()["id"]
        pair.replica.freeze()
        headers = bearer("shop") | {"Idempotency-Key": "k-1"}
        unsafe = await http.post(f"/v1/runs/{run}/cancel", headers=headers)
        assert problem(unsafe) == (503, "not-yet-durable")
        pair.replica.thaw()
        again = await http.post(f"/v1/runs/{run}/cancel", headers=headers)
        assert (again.status_code, again.json()["outcome"]) == (200, "cancelled")


async def test_without_the_replica_an_acceptance_is_not_confirmed_and_its_repeat_is(pair: Pair) -> None:
    async with a_service(replicated(pair)) as http:
        pair.replica.freeze()
        for _ in range(2):  # a repeat says no more than the first
            answer = await send(http)
            assert problem(answer) == (503, "not-yet-durable")
            assert answer.headers["retry-after"] == "1"
        pair.replica.thaw()
        again = await send(http)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")


async def test_a_replica_that_nobody_waits_for_loses_what_was_accepted(pair: Pair) -> None:
    """The ablation of the first test: it is the wait that it proves."""
    async with a_service(replicated(pair, replicas=0)) as http:
        pair.part()
        run = (await send(http)).json()["id"]
        pair.primary.kill()
        pair.promote()
        async with Redis.from_url(pair.replica.url) as other:
            assert not await other.exists(f"fanfare:run:{run}")


async def test_those_that_come_together_are_all_told(primary: Redis, pair: Pair) -> None:
    store = Store(primary, replicas=1)
    pair.replica.freeze()
    wishes = [acceptable(a_run(f"k-{number}"), f"k-{number}") for number in range(5)]
    answers = await asyncio.gather(*map(store.acceptance.accept, wishes), return_exceptions=True)
    assert {type(answer) for answer in answers} == {NotYetDurable}


@asynccontextmanager
async def with_its_replica_away(pair: Pair, hubspot: Running) -> AsyncIterator[tuple[Process, Run]]:
    """A process, and a run that was accepted just before the replica stopped answering."""
    hubspot.reset()
    run = a_run("k-1")
    async with opened(replicated(pair, hubspot.url)) as process:
        await process.store.acceptance.accept(acceptable(run, "k-1"))
        pair.replica.freeze()
        yield process, run


async def test_what_makes_something_leaves_only_once_the_replica_knows(
    primary: Redis, pair: Pair, hubspot: Running
) -> None:
    """Else the replica, taking over, would have it made again."""
    async with with_its_replica_away(pair, hubspot) as (process, run), serving(process):
        await journalled(primary, run.id)
        await asyncio.sleep(1.5)  # longer than the replica is waited for: what would leave has left by now
        assert hubspot.campaigns() == []
        pair.replica.thaw()
        (stored,) = await ended(process, [run])
    assert stored.ending == "done"
    assert len(hubspot.campaigns()) == 1


async def test_what_has_waited_for_the_replica_in_vain_is_looked_for_by_the_next_holder(
    primary: Redis, pair: Pair, hubspot: Running
) -> None:
    """It stands as sent and never left: the look finds nothing, and it is made once."""
    async with with_its_replica_away(pair, hubspot) as (process, run):
        async with serving(process):
            await journalled(primary, run.id)
        assert hubspot.campaigns() == []
        pair.replica.thaw()
        async with serving(process):
            (stored,) = await ended(process, [run])
    assert stored.ending == "done"
    assert len(hubspot.campaigns()) == 1


async def journalled(redis: Redis, run: str) -> None:
    """Wait until the first step of *run* stands as sent."""
    async with asyncio.timeout(10):
        while not await redis.hexists(f"fanfare:run:{run}", "s0"):  # noqa: ASYNC110 - Redis has no event for it
            await asyncio.sleep(0.01)


async def test_a_redis_with_replicas_is_refused_until_the_settings_speak_of_them(
    primary: Redis, pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Invalid, match="replicas = 1"):
        await Vitals(primary, replicated(pair, replicas=None)).examine()
    for replicas in (0, 1):
        await Vitals(primary, replicated(pair, replicas=replicas)).examine()
    assert "min-replicas-to-write 1" in capsys.readouterr().out


async def test_a_service_that_came_up_before_redis_is_as_strict_and_one_that_has_begun_goes_on(pair: Pair) -> None:
    pair.part()
    pair.primary.kill()
    async with a_service(replicated(pair, replicas=None)) as http:
        assert (await send(http)).status_code == 503
        pair.primary.start()
        assert (await send(http)).status_code == 202
        pair.join()
        assert (await http.get("/readyz")).status_code == 200
        assert (await send(http, id="later")).status_code == 202
    async with a_service(replicated(pair, replicas=None)) as http:
        answer = await send(http, id="anew")
        assert "replicas = 1" in answer.json()["detail"]


async def test_a_primary_that_must_not_write_alone_accepts_nothing_alone(primary: Redis, pair: Pair) -> None:
    """`min-replicas-to-write` is the other belt: it refuses before anything is written."""
    await primary.config_set("min-replicas-to-write", 1)
    await primary.config_set("min-replicas-max-lag", 1)
    async with a_service(replicated(pair)) as http:
        assert (await send(http)).status_code == 202
        pair.replica.freeze()

        async def refused() -> bool:
            answer = await send(http, id="alone")  # takes a second while it is only not confirmed
            return problem(answer) == (503, "unavailable") and "NOREPLICAS" in answer.json()["detail"]

        await until(refused)
