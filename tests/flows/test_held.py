"""Held runs: until their time, to the second, across restarts; replaced by what is newer; listed; cancelled."""

from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from campaigns.keys import SECOND
from campaigns.model import Run
from campaigns.store import Store
from campaigns.wishes import CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run, acceptable
from tests.flows.engine import accept, ended, engine, serving
from tests.flows.serving import a_service, send
from tests.settings import a_caller, bearer, some_settings

FAR = "2999-01-01T00:00:00Z"
LATE = 32_472_144_000_000
CALLERS = {"shop": a_caller("shop", rights=("send", "read", "operate"))}


@pytest.fixture
async def http(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url, callers=CALLERS)) as client:
        yield client


async def now(redis: Redis) -> int:
    seconds, microseconds = await redis.time()
    return int(seconds) * SECOND + int(microseconds) // 1_000


def of_subject(key: str, sequence: int, notbefore: int | None = LATE, subject: str = "sku-1") -> Run:
    wish, url = CreateCampaign({"hs_name": f"Launch {key}"}), "https://shop.example/done"
    return a_run(key, wish, subject=subject, sequence=sequence, notbefore=notbefore, callbackurl=url)


async def test_a_held_run_goes_at_its_time_whoever_is_there_then(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    """The process that held the portal when the run was accepted has gone before."""
    at = await now(redis) + 2 * SECOND
    run = of_subject("a", 0, at)
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(process, [run])
        assert (await process.store.runs.read(run.id)).status == "held"
    assert hubspot.campaigns() == []
    async with engine(redis_url, hubspot.url) as process, serving(process):
        (stored,) = await ended(process, [run])
    assert stored.ending == "done"
    done = stored.run.steps[0].at - at
    assert 0 <= done < 10 * SECOND, "it goes as soon as its time has come; the machine may be busy"


async def test_a_trigger_with_a_higher_sequence_takes_the_place_of_what_is_held(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    first, second, other = of_subject("first", 1), of_subject("second", 2), of_subject("other", 1, subject="sku-2")
    newest = of_subject("newest", 3, None)
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(process, [first])
        await accept(process, [second, other])
        (replaced,) = await ended(process, [first])
        assert (replaced.ending, (await process.store.runs.read(second.id)).status) == ("superseded", "held")
        await accept(process, [newest])
        ends = await ended(process, [second, newest])
        assert (await process.store.runs.read(other.id)).status == "held"
        due, _ = await process.store.callbacks.undelivered("shop", "due", after=0, limit=10)
    assert {(one.id, one.type) for one in due} == {
        (first.id, "run.superseded"),
        (second.id, "run.superseded"),
        (newest.id, "run.done"),
    }
    assert [stored.ending for stored in ends] == ["superseded", "done"]
    assert [campaign["properties"]["hs_name"] for campaign in hubspot.campaigns()] == ["Launch newest"]
    assert await redis.keys("fanfare:later:*") == [b"fanfare:later:" + (await lane_of(redis, other))]


async def lane_of(redis: Redis, run: Run) -> bytes:
    lane = await redis.hget(f"fanfare:run:{run.id}", "lane")
    assert isinstance(lane, bytes)
    return lane


@pytest.mark.parametrize("sequence", [0, 1, 2])
async def test_what_is_not_newer_takes_no_place(redis: Redis, sequence: int) -> None:
    """Without sequences nobody says what is newer; what was accepted later may have happened before."""
    store, first = Store(redis), of_subject("first", 2 if sequence else 0)
    for run in (first, of_subject("later", sequence)):
        await store.acceptance.accept(acceptable(run, run.id))
    assert (await store.runs.read(first.id)).status == "held"


async def test_a_replaced_run_says_so_until_it_has_ended(http: httpx.AsyncClient) -> None:
    first = (await send(http, subject="sku-1", sequence=1, notbefore=FAR)).json()["id"]
    await send(http, id="2", subject="sku-1", sequence=2)
    told = (await http.get(f"/v1/runs/{first}", headers=bearer("shop"))).json()
    assert (told["status"], told["until"]) == ("waiting", None)
    assert "newer trigger" in told["why"]


async def test_held_runs_are_listed_and_one_is_cancelled(http: httpx.AsyncClient, redis: Redis) -> None:
    first = (await send(http, subject="sku-1", notbefore=FAR)).json()["id"]
    second = (await send(http, id="2", subject="sku-2", notbefore=FAR)).json()["id"]
    await send(http, id="3", subject="sku-3")
    assert await held(http) == [second, first]
    answer = await http.post(f"/v1/runs/{first}/cancel", headers=bearer("shop"))
    assert answer.json() == {"id": first, "outcome": "cancelled"}
    assert await held(http) == [second]
    assert len(await redis.keys("fanfare:later:*")) == 1


async def held(http: httpx.AsyncClient) -> list[str]:
    told = (await http.get("/v1/runs?status=held", headers=bearer("shop"))).json()
    return [run["id"] for run in told["runs"]]
