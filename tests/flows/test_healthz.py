"""GET /healthz on a real Valkey: what is wrong is said there, and counted as it stands."""

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from campaigns.model import Run
from campaigns.settings import Settings
from campaigns.store import Store
from campaigns.store.portals import Lease
from campaigns.store.vitals import Vitals
from service.scrapes import FRESH, Scrapes
from tests.builders import a_run, acceptable
from tests.flows.serving import NOWHERE, a_service
from tests.settings import some_settings
from workers.process import opened

pytestmark = pytest.mark.usefixtures("redis")


async def test_an_idle_installation_is_green(redis_url: str) -> None:
    async with a_service(some_settings(redis_url)) as http:
        answer = await http.get("/healthz")
    assert (answer.status_code, answer.json()["status"], answer.json()["reasons"]) == (200, "green", [])


async def test_runs_are_counted_where_they_stand(redis_url: str) -> None:
    settings = some_settings(redis_url)
    runs = [a_run("k-1", subject="s"), a_run("k-2", subject="s"), a_run("k-3")]
    await accepted(settings, *runs)
    async with a_service(settings) as http:
        portal = (await http.get("/healthz")).json()["portals"]["acme"]
    assert (portal["line"], portal["lane"], portal["waiting"], portal["held"], portal["flight"]) == (2, 1, 0, 0, 0)
    assert portal["oldest_seconds"] > 0


async def test_a_paused_portal_is_amber_and_still_answers_200(redis_url: str) -> None:
    settings = some_settings(redis_url)
    async with opened(settings) as process, a_service(settings) as http:
        await process.store.parked.pause("acme", "shop")
        answer = await http.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "amber")
    assert answer.json()["reasons"] == [{"colour": "amber", "what": "portal acme", "seen": "paused by an operator"}]


async def test_a_portal_with_work_and_nobody_on_it_turns_red(redis_url: str, redis: Redis) -> None:
    seconds, _ = await redis.time()
    async with a_service(some_settings(redis_url)) as http:
        await redis.zadd("fanfare:due", {"elsewhere": (seconds - 90) * 1_000})
        answer = await http.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "red")
    assert answer.json()["lateness_seconds"] >= 90


async def test_a_portal_that_is_called_for_again_and_again_and_that_nobody_takes_grows_late(
    redis_url: str, redis: Redis
) -> None:
    """Services sweep too: they call for it every five seconds, whether or not there is a worker that would hear."""
    settings = some_settings(redis_url)
    async with opened(settings) as process:
        store = process.store
        began = (await store.counting.census(["acme"], [])).now
        await store.acceptance.accept(acceptable(a_run("k-1"), "k-1"))
        for _ in range(2):
            await redis.zadd("fanfare:due", {"acme": began - 1})  # five seconds have passed
            assert (await store.sweeping.find()).portals == ("acme",)
        census = await store.counting.census(["acme"], [])
        assert began - 1 <= census.first_due <= census.now
        lease = Lease("acme", "worker", "token")
        assert await store.portals.take(lease, 0)
        assert (await store.counting.census(["acme"], [])).lateness == 0
        await store.parked.pause("acme", "shop")
        await store.portals.release(lease, 0, anyway=True)
        assert (await store.counting.census(["acme"], [])).lateness == 0, "an operator leaves it alone"


async def test_without_redis_it_is_red_and_says_so() -> None:
    async with a_service(some_settings(NOWHERE)) as http:
        answer = await http.get("/healthz")
    assert (answer.status_code, answer.json()["reasons"][0]["what"]) == (503, "redis")


async def test_metrics_show_what_stands_where(redis_url: str) -> None:
    settings = some_settings(redis_url)
    await accepted(settings, a_run("k-1", subject="s"), a_run("k-2", subject="s"))
    async with a_service(settings) as http:
        lines = (await http.get("/metrics")).text.splitlines()
    assert {'fanfare_runs_open{place="line"} 1.0', 'fanfare_runs_open{place="lane"} 1.0'} <= set(lines)
    assert any(line.startswith("fanfare_lateness_seconds ") for line in lines)


async def test_metrics_while_redis_is_away_show_nothing_that_was_not_counted() -> None:
    async with a_service(some_settings(NOWHERE)) as http:
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert "fanfare_lateness_seconds" not in answer.text


async def test_whoever_scrapes_soon_after_another_is_told_what_was_counted_for_that_one(redis: Redis) -> None:
    now = 100.0
    registry, settings = CollectorRegistry(), some_settings("")
    scrapes = Scrapes(settings, Store(redis).counting, Vitals(redis, settings), registry, lambda: now)

    async def in_line() -> float | None:
        await scrapes.count()
        return registry.get_sample_value("fanfare_runs_open", {"place": "line"})

    assert await in_line() == 0
    await Store(redis).acceptance.accept(acceptable(a_run("k-1"), "k-1"))
    assert await in_line() == 0
    now += FRESH
    assert await in_line() == 1


async def accepted(settings: Settings, *runs: Run) -> None:
    async with opened(settings) as process:
        for run in runs:
            await process.store.acceptance.accept(acceptable(run, run.id))
