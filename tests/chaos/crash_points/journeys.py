"""Journeys: what is asked for on them and what it meets, from the first trigger to the last callback."""

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from redis.asyncio import Redis
from rq.worker_registration import REDIS_WORKER_KEYS, WORKERS_BY_QUEUE_KEY

from campaigns import keys
from campaigns.queue import CALLBACKS, CAMPAIGNS
from simulator.faults import Fault
from tests.chaos.crash_points.asking import Asking
from tests.chaos.crash_points.installation import Installation
from tests.chaos.crash_points.settings import LAUNCHED, NAME, REQUESTED

KEY: Final = "the-key"

REQUEST: Final = {"type": "campaign.requested", "subject": NAME, "data": REQUESTED}


class Arrived(msgspec.Struct, frozen=True):
    """How a journey must have ended, whoever died on it.

    Attributes:
        run: the one whose campaign stands in HubSpot, and no other.
        told: id of each callback -> its type.
        over: the operators heard, once, that a recipe's cap holds runs.

    """

    run: str
    told: Mapping[str, str]
    over: bool = False


class Journey(msgspec.Struct, frozen=True):
    """What triggers meet on their way.

    Attributes:
        way: what is asked for; comes back when the last callback was delivered.
        before: what is there before any process has begun.
        faults: HubSpot's, for the simulator.
        refusals: how often the receiver refuses a callback.
        app: the portal's tokens are refreshed.
        elsewhere: HubSpot is not taken for a simulator on this machine.
        to_the_end: the installation is left alone until it rests and all is forgotten; else it is told to stop as soon
            as the last callback is there, while leases are still held.

    """

    name: str
    way: Callable[[Asking], Awaitable[Arrived]]
    before: Callable[[Installation], Awaitable[None]] | None = None
    faults: tuple[Fault, ...] = ()
    refusals: int = 0
    app: bool = False
    elsewhere: bool = False
    to_the_end: bool = False


async def _plainly(asking: Asking) -> Arrived:
    run = await asking.send(REQUEST, KEY)
    await asking.hear(run, 1)
    await asking.see(run, "done")
    return Arrived(run, {f"{run}.1": "run.done"})


async def _held(asking: Asking) -> Arrived:
    """The run is held for a second, and the operators hear of the portal's trouble."""
    soon = datetime.now(UTC) + timedelta(seconds=1)
    run = await asking.send({**REQUEST, "notbefore": soon.isoformat()}, KEY)
    await asking.hear(run, 1)
    await asking.all_posted()
    return Arrived(run, {f"{run}.1": "run.done"})


async def _leave_remains(on: Installation) -> None:
    """What a worker leaves that has died in the middle of a job, a minute ago."""
    for name in (CAMPAIGNS, CALLBACKS):
        worker = f"rq:worker:{name}-dead"
        await on.redis.sadd(REDIS_WORKER_KEYS, worker)
        await on.redis.sadd(WORKERS_BY_QUEUE_KEY % name, worker)
        await on.redis.hset(f"rq:job:{name}-lost", "status", "started")
        await on.redis.zadd(f"rq:wip:{name}", {f"{name}-lost:1": time.time() - 1})


async def _lose_everything(on: Installation) -> None:
    """Redis was lost when the campaign had just been made: HubSpot alone knows of it."""
    run = keys.run_id("test", "shop", keys.header_key(KEY), "acme")
    notes = str(keys.Marker(run, await _now(on.redis)))
    await on.make_campaign({"hs_name": NAME, "hs_notes": notes})


async def _now(redis: Redis) -> int:
    seconds, micros = await redis.time()
    return int(seconds * 1_000 + micros // 1_000)


async def _lose_an_asset(on: Installation) -> None:
    await on.control("PUT", "missing_assets", ["2"])


async def _operated(asking: Asking) -> Arrived:
    """One run fails, is retried in a bulk and undone; of two that the recipe's cap holds one is cancelled."""
    first = await asking.send(_launch("first"), "first")
    await asking.hear(first, 1)
    held = [await asking.send(_launch(name), name) for name in ("second", "third")]
    for run in held:
        await asking.see(run, "held")
    await asking.on.control("PUT", "missing_assets", [])
    for _ in range(2):  # as whoever heard no answer asks again
        await asking.operate("retry", {"caller": "shop", "status": "failed", "confirm": 1}, "retry")
    await asking.hear(first, 2)
    await asking.operate(f"{held[0]}/cancel", {}, "cancel")
    await asking.operate(f"{first}/cancel", {"made": "undo"}, "undo")
    await asking.hear(first, 3)
    await asking.let_pass(keys.HOUR)
    await asking.hear(held[1], 1)
    await asking.hear(held[0], 1)
    await asking.all_posted()
    told = zip((f"{first}.1", f"{first}.2", f"{first}.3"), ("failed", "done", "cancelled"), strict=True)
    ends = {f"{held[0]}.1": "cancelled", f"{held[1]}.1": "done", **dict(told)}
    return Arrived(held[1], {one: f"run.{ending}" for one, ending in ends.items()}, over=True)


def _launch(subject: str) -> dict[str, object]:
    return {"type": LAUNCHED.on, "subject": subject, "data": {"name": NAME}}


PLAIN: Final = Journey("plain", _plainly, to_the_end=True)

TROUBLED: Final = Journey(
    "troubled",
    _held,
    before=_leave_remains,
    faults=(
        Fault("cut_before", method="POST", path="", times=1),
        Fault("cut_after", method="POST", path="", times=1),
        Fault("status_before", method="PUT", path="*/assets/*", status=503, times=1),
        Fault("cut_after", method="POST", path="*/budget", times=1),
        Fault("status_before", method="POST", path="*/spend", status=401, times=2),
    ),
    refusals=1,
    app=True,
)

RESTORED: Final = Journey("restored", _plainly, before=_lose_everything, elsewhere=True)

OPERATED: Final = Journey("operated", _operated, before=_lose_an_asset)

ALL: Final = (OPERATED, TROUBLED, RESTORED, PLAIN)
"""The longest first: what begins last should not last long."""
