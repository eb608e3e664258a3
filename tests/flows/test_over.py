"""A recipe's runs beyond `max_creates_per_hour` are told of: amber, and one message to each caller until none is held."""

from collections.abc import Sequence

import msgspec
import pytest
from redis.asyncio import Redis

from campaigns import health
from campaigns.model import Run
from campaigns.outbound import connected
from campaigns.parking import Message
from campaigns.store import Store
from campaigns.store.callbacks import Tried
from campaigns.store.portals import Finished, Lease
from campaigns.store.verbs import Command
from campaigns.wishes import CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run, acceptable
from tests.flows.delivering import a_notifier, delivering
from tests.flows.engine import accept, ended, serving
from tests.flows.telling import heard, telling
from tests.flows.working import until
from tests.passing_time import DAY, HOUR, let_pass
from tests.receiver import Receiver
from workers.process import opened

LEASE = Lease("acme", "process-1", "token-1")
CAP = 2
OFFICE = Command("office")

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


def launches(count: int, caller: str = "shop") -> list[Run]:
    runs = (a_run(f"{caller} {n}", CreateCampaign({"hs_name": f"{caller} {n}"}), caller=caller) for n in range(count))
    return [msgspec.structs.replace(run, recipe="launches", max_creates_per_hour=CAP) for run in runs]


async def accepted(store: Store, runs: Sequence[Run]) -> None:
    for run in runs:
        await store.acceptance.accept(acceptable(run, run.id))
    await go_on(store)


async def go_on(store: Store) -> None:
    """Whatever may go now, goes and ends."""
    await store.portals.take(LEASE, 0)
    while claimed := (await store.portals.claim(LEASE, 100, 0)).runs:
        await store.portals.finish(LEASE, [Finished(one.run, one.version, "done") for one in claimed], DAY)


async def told(store: Store) -> list[Message]:
    """The messages that are due, which are delivered now."""
    due = (await store.callbacks.claim(100)).due
    await store.callbacks.save([Tried(one.id, one.sequence, "delivered") for one in due])
    return [one.what for one in due if isinstance(one.what, Message)]


async def over(store: Store) -> int:
    """How many runs health says are held so."""
    return (await store.counting.census(["acme"], [])).portals["acme"].over


async def test_each_caller_is_told_once_however_many_of_its_runs_are_held(store: Store) -> None:
    await accepted(store, [*launches(CAP + 3), *launches(4, "events")])
    found = {message.caller: message for message in await told(store)}
    assert set(found) == {"shop", "events"}
    message = found["shop"]
    assert (message.type, message.reason, message.portal, message.recipe) == (
        *("recipe.over", "creates", "acme", "launches"),
    )
    assert message.until is not None
    assert abs(message.until - message.time - HOUR) < 5_000
    assert await over(store) == 3 + 4


async def test_runs_that_are_held_for_an_hour_more_are_told_of_no_second_time(store: Store, redis: Redis) -> None:
    await accepted(store, launches(CAP * 3))
    assert len(await told(store)) == 1
    await let_pass(redis, HOUR)
    await go_on(store)
    assert (await over(store), await told(store)) == (CAP, [])


async def test_when_none_is_held_any_more_the_next_one_is_told_of_again(store: Store, redis: Redis) -> None:
    await accepted(store, launches(CAP + 1))
    (first,) = await told(store)
    await let_pass(redis, HOUR)
    await go_on(store)
    assert await over(store) == 0
    await accepted(store, launches(CAP * 3))
    (second,) = await told(store)
    assert second.id != first.id


async def test_who_is_under_the_cap_hears_nothing_and_health_is_green(store: Store) -> None:
    await accepted(store, launches(CAP))
    assert (await told(store), await over(store)) == ([], 0)
    assert health.ills(await store.counting.census(["acme"], ["shop"])) == ()


@pytest.mark.parametrize("verb", ["cancel", "undo"])
async def test_a_held_run_that_is_cancelled_counts_no_more(store: Store, verb: str) -> None:
    runs = launches(CAP + 2)
    await accepted(store, runs)
    await store.verbs.cancel(runs[-1].id, "undo" if verb == "undo" else "leave", OFFICE)
    assert await over(store) == 1


async def test_operators_are_told_where_they_want_to_be_and_health_turns_amber(
    redis_url: str, hubspot: Running, redis: Redis
) -> None:
    async with Receiver() as receiver:
        settings = telling(redis_url, hubspot.url, receiver)
        async with (
            opened(settings) as process,
            connected(settings) as posts,
            serving(process),
            delivering(a_notifier(process.store, posts)),
        ):
            runs = launches(CAP + 5)
            await accept(process, runs)
            await receiver.wait_for(1)
            await ended(process, runs[:CAP])

            async def all_are_held() -> bool:
                return await over(process.store) == 5

            async def nothing_is_due() -> bool:
                return not await redis.zcard("fanfare:callbacks")

            await until(all_are_held)
            await until(nothing_is_due)
            ills = health.ills(await process.store.counting.census(["acme"], settings.callers))
        (message,) = heard(receiver, "shop")
    assert (message["type"], message["recipe"], message["reason"]) == ("recipe.over", "launches", "creates")
    assert len(receiver.received) == 1
    assert [(ill.colour, ill.what) for ill in ills] == [("amber", "portal acme")]
    assert len(hubspot.campaigns()) == CAP
