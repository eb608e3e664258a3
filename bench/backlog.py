"""Behind ten thousand bulk runs: how long a high trigger waits for its first call, and what the worker takes meanwhile.

The simulator answers after 150 ms and allows 190 calls in any ten seconds, so the backlog, two assets each, lasts for a
quarter of an hour; a hundred of its runs are in the worker's hands all the time. High triggers come five a second, and
each wait is that from before the trigger is sent until HubSpot's first call for it arrives, both by one clock.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx

from bench.drain import LATENCY, PER_10S, TWO_ASSETS
from bench.installation import PORTAL, Installation, installed, resident, until
from bench.rows import Row, percentile
from campaigns import keys

BULK: Final = 10_000
IN_FLIGHT: Final = 100

ROUNDS: Final = 5
HIGHS: Final = 40
APART: Final = 0.2
"""Seconds between two high triggers: a quarter of HubSpot's limit is theirs."""

LONGEST: Final = 30.0
"""Seconds after which a high trigger's first call is not waited for any longer."""

MOST_WAIT: Final = 0.5
MOST_MEMORY: Final = 80.0
MEGABYTE: Final = 1_000_000

BULK_BODY: Final = TWO_ASSETS.replace('"portal": "acme"', '"portal": "acme", "priority": "bulk"')


def rows() -> Iterator[Row]:
    """Measure."""
    waits: list[float] = []
    memory: list[float] = []
    with installed() as installation:
        _begin(installation)
        for number in range(ROUNDS):
            until(lambda: installation.in_flight() >= IN_FLIGHT, f"{IN_FLIGHT} runs are in flight")
            waits.append(percentile(asyncio.run(_waits(installation, number)), 0.99))
            memory.append(resident(installation.programs.pid("campaigns")) / MEGABYTE)
        left = installation.in_line()
    void = None if left > IN_FLIGHT else f"only {left} bulk runs were left in the end"
    yield Row(f"a high trigger behind {BULK:,} bulk runs, p99", tuple(waits), most=MOST_WAIT, unit="s", void=void)
    what = f"memory of a worker with {IN_FLIGHT} runs in flight"
    yield Row(what, tuple(memory), most=MOST_MEMORY, unit="MB", void=void)


def _begin(installation: Installation) -> None:
    installation.programs.end("campaigns")
    installation.hubspot.plan({"do": "delay", "delay_ms": LATENCY})
    installation.hubspot.limit(per_10s=PER_10S)
    installation.send(BULK_BODY, BULK)
    installation.programs.start("campaigns")


async def _waits(installation: Installation, number: int) -> list[float]:
    """Seconds that each high trigger of one round waited; `LONGEST` for one whose call has not come by then."""
    async with (
        httpx.AsyncClient(base_url=installation.url, headers=installation.headers, trust_env=False) as http,
        asyncio.TaskGroup() as sending,
    ):
        sent = []
        for at in range(HIGHS):
            sent.append(sending.create_task(_send(http, f"{number}-{at}")))
            await asyncio.sleep(APART)
    began = dict(task.result() for task in sent)
    latest = time.monotonic() + LONGEST
    while True:
        arrived = await asyncio.to_thread(_arrivals, installation)
        if began.keys() <= arrived.keys() or time.monotonic() > latest:
            return [arrived.get(run, at + LONGEST) - at for run, at in began.items()]
        await asyncio.sleep(0.2)


async def _send(http: httpx.AsyncClient, name: str) -> tuple[str, float]:
    """The run, and when it was asked for."""
    trigger: dict[str, Any] = {
        "type": "campaign.requested",
        "source": "urn:bench:high",
        "id": name,
        "subject": f"high-{name}",
        "portal": PORTAL,
        "priority": "high",
        "data": {"properties": {"hs_name": f"High {name}"}},
    }
    began = time.time()
    answer = await http.post("/v1/triggers", json=trigger)
    return str(answer.raise_for_status().json()["id"]), began


def _arrivals(installation: Installation) -> dict[str, float]:
    """When the first call for each run arrived at HubSpot."""
    arrivals: dict[str, float] = {}
    for row in installation.hubspot.ledger():
        marker = keys.marker_in(row["marker"])
        if marker:
            arrivals.setdefault(marker.run, row["time"])
    return arrivals
