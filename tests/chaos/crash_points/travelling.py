"""Making a journey: an installation is cleared and played, somebody dies on the way, and the end is judged."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final, cast

import httpx
import msgspec
from redis.asyncio import Redis
from rq import Queue
from standardwebhooks import Webhook

from campaigns import keys
from campaigns.queue import CALLBACKS, CAMPAIGNS
from simulator.faults import Plan
from tests.chaos.crash_points.asking import LOOK, Asking
from tests.chaos.crash_points.installation import Installation
from tests.chaos.crash_points.journeys import Arrived, Journey
from tests.chaos.crash_points.players import Players
from tests.chaos.crash_points.points import Death, Point
from tests.chaos.crash_points.settings import NAME
from tests.passing_time import let_pass
from tests.settings import CALLBACK_SECRET, SECRETS
from workers.remains import Remains
from workers.worker import STOPPED

PATIENCE: Final = 120.0
"""Seconds: a lease of 6, a call of 5, a callback that comes back after 15, each perhaps twice, on a busy machine."""

LONGEST_TIMER: Final = 8.0
"""Seconds after a journey's end in which everything that a counted one saw has come again."""


class Travelled(msgspec.Struct, frozen=True):
    """What came of one journey.

    Attributes:
        death: what was to happen on it.
        hit: where it happened; None: nowhere.
        points: all that passed.
        writes: roles and names of what has changed something; known only if nobody was to die.
        wrong: what is not as it must be; "" when all is right.

    """

    death: Death | None
    hit: Point | None
    points: tuple[Point, ...]
    writes: frozenset[tuple[str, str]] = frozenset()
    wrong: str = ""


async def travel(journey: Journey, on: Installation, death: Death | None) -> Travelled:
    """Make *journey* on an installation in which somebody dies of *death*."""
    await on.clear()
    await on.control("PUT", "faults", msgspec.to_builtins(Plan(faults=journey.faults)))
    on.refusals = journey.refusals
    if journey.before:
        await journey.before(on)
    wrong = ""
    async with on.played(death, app=journey.app, elsewhere=journey.elsewhere) as players:
        try:
            async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False, timeout=5) as http:
                await _go(journey, on, players, Asking(on, players, http))
        except TimeoutError:
            wrong = f"not ended after {PATIENCE:.0f} s; Redis has {await _keys(on.redis)}\n{players.told()}"
        except Exception as error:  # noqa: BLE001 - every journey is told of, whatever became of it
            wrong = f"{type(error).__name__}: {error}\n{players.told()}"
    watch = players.watch
    return Travelled(death, watch.hit, tuple(watch.points()), frozenset(watch.writes), wrong)


async def _go(journey: Journey, on: Installation, players: Players, asking: Asking) -> None:
    arrived = await journey.way(asking)
    if players.watch.waits_for("living"):
        await _until_hit(players)
    if journey.to_the_end:
        await asking.until(lambda: _rests(on.redis))
        await let_pass(on.redis, keys.RETENTION + keys.DAY)
        await asking.until(lambda: _only_what_stays(on.redis))
    players.check()
    codes = await players.stop()
    assert set(codes.values()) == {STOPPED}, f"exit codes {codes}"
    await _judge_hubspot(on, arrived)
    _judge_told(on, arrived)
    await _judge_rq(on.redis)


async def _rests(redis: Redis) -> bool:
    """Whether nothing is to be done any more, by anybody."""
    prefixes = keys.PREFIXES
    busy = [prefixes["due"], prefixes["notifier"], prefixes["callbacks"], "rq:queue:campaigns", "rq:queue:callbacks"]
    return not await _keys(redis, f"{prefixes['lease']}*") and not await redis.exists(*busy)


async def _only_what_stays(redis: Redis) -> bool:
    """Whether all that is left of ours is permanent, or will be gone by itself."""
    permanent = {keys.PREFIXES[name] for name in keys.PERMANENT}
    perishable = tuple(keys.PREFIXES[name] for name in keys.PERISHABLE)
    left = set(await _keys(redis, "fanfare:*")) - permanent
    return all([key.startswith(perishable) and await redis.pttl(key) >= 0 for key in left])


async def _judge_hubspot(on: Installation, arrived: Arrived) -> None:
    """One campaign stands, with all that belongs to it once."""
    made = [campaign for campaign in await on.control("GET", "campaigns") if not campaign["archived"]]
    assert len(made) == 1, f"{len(made)} campaigns"
    (campaign,) = made
    marker = keys.marker_in(campaign["properties"]["hs_notes"])
    assert marker is not None, campaign["properties"]
    assert marker.run == arrived.run, marker
    assert campaign["properties"]["hs_name"] == NAME
    assert campaign["assets"] == {"MARKETING_EMAIL": ["1"], "FORM": ["2"]}, campaign["assets"]
    assert [item["name"] for item in campaign["budget"]] == ["Print"], campaign["budget"]
    assert [item["name"] for item in campaign["spend"]] == ["Stamps"], campaign["spend"]
    for body in _bodies(on, "/status"):
        if body["run"]["id"] == arrived.run:
            assert body["run"]["campaign"]["id"] == campaign["id"], "the callback names another campaign"
            assert {step["state"] for step in body["run"]["steps"]} == {"done"}


def _judge_told(on: Installation, arrived: Arrived) -> None:
    """Each status was told, whatever was posted twice under the same id; of each trouble the end, too."""
    assert {body["id"]: body["type"] for body in _bodies(on, "/status")} == arrived.told
    messages = {body["id"]: body["type"] for body in _bodies(on, "/operations")}
    trouble = {message: kind for message, kind in messages.items() if kind != "recipe.over"}
    assert len(messages) - len(trouble) == arrived.over, messages
    for message, kind in trouble.items():
        which, _, last = message.rpartition(".")
        assert kind == f"portal.{last}", messages
        assert {f"{which}.delayed", f"{which}.recovered"} <= set(trouble), messages


def _bodies(on: Installation, target: str) -> list[dict[str, Any]]:
    """What was posted there, all of it signed and with its id."""
    bodies: list[dict[str, Any]] = []
    for one in on.received:
        body = Webhook(SECRETS[CALLBACK_SECRET]).verify(one.body, one.headers)
        assert one.headers["webhook-id"] == body["id"]
        if one.target == target:
            bodies.append(body)
    return bodies


async def _judge_rq(redis: Redis) -> None:
    """Once the dead have been silent for long enough, the next worker that starts finds nothing of them left."""
    assert not await _keys(redis, "rq:failed:*"), "a job has failed"
    await let_pass(redis, keys.DAY)
    for name in (CAMPAIGNS, CALLBACKS):
        remains = Remains(redis, Queue(name, connection=redis))  # type: ignore[arg-type]  # asked for names only
        await remains.clear()
        await remains.clear()  # what was popped and never begun goes the second time that it is seen
    waiting = [f"rq:queue:{name}" for name in (CAMPAIGNS, CALLBACKS)]
    left = set(await _keys(redis, "rq:*")) - {"rq:queues", *waiting}
    left -= {f"rq:job:{job}" for queue in waiting for job in await _listed(redis, queue)}  # for the next worker
    assert not left, f"RQ keeps {left}"


async def _listed(redis: Redis, queue: str) -> Sequence[str]:
    return [job.decode() for job in cast("list[bytes]", await redis.lrange(queue, 0, -1))]


async def _keys(redis: Redis, pattern: str = "*") -> list[str]:
    return sorted(key.decode() for key in cast("list[bytes]", await redis.keys(pattern)))


async def _until_hit(players: Players) -> None:
    """Wait for a point that timers bring; one that does not come is no fault of the installation."""
    latest = time.monotonic() + LONGEST_TIMER
    while players.watch.waits_for("living") and time.monotonic() < latest:
        players.check()
        await asyncio.sleep(LOOK)
