"""Behind ten thousand bulk runs: how long a high trigger waits for its first call, and what the worker takes meanwhile.

The simulator answers after 150 ms and allows 190 calls in any ten seconds, so the backlog, two assets each, lasts for a
quarter of an hour; a hundred of its runs are in the worker's hands all the time. High triggers come five a second, and
each wait is that from before the trigger is sent until HubSpot's first call for it arrives, both by one clock.
"""

import asyncio
from collections.abc import Iterator
from typing import Final

from bench.drain import LATENCY, PER_10S, TWO_ASSETS
from bench.installation import PORTAL, Installation, installed, resident, until
from bench.rows import Row, percentile
from bench.waits import waits

BULK: Final = 10_000
IN_FLIGHT: Final = 100

ROUNDS: Final = 5
HIGHS: Final = 40
APART: Final = 0.2
"""Seconds between two high triggers: a quarter of HubSpot's limit is theirs."""

MOST_WAIT: Final = 0.5
MOST_MEMORY: Final = 80.0
MEGABYTE: Final = 1_000_000

BULK_BODY: Final = TWO_ASSETS.replace('"portal": "acme"', '"portal": "acme", "priority": "bulk"')


def rows() -> Iterator[Row]:
    """Measure."""
    p99s: list[float] = []
    memory: list[float] = []
    with installed() as installation:
        _begin(installation)
        for number in range(ROUNDS):
            until(lambda: installation.in_flight() >= IN_FLIGHT, f"{IN_FLIGHT} runs are in flight")
            highs = waits(installation, [PORTAL] * HIGHS, apart=APART, name=f"high{number}", priority="high")
            p99s.append(percentile(asyncio.run(highs), 0.99))
            memory.append(resident(installation.programs.pid("campaigns")) / MEGABYTE)
        left = installation.in_line()
    void = None if left > IN_FLIGHT else f"only {left} bulk runs were left in the end"
    yield Row(f"a high trigger behind {BULK:,} bulk runs, p99", tuple(p99s), most=MOST_WAIT, unit="s", void=void)
    what = f"memory of a worker with {IN_FLIGHT} runs in flight"
    yield Row(what, tuple(memory), most=MOST_MEMORY, unit="MB", void=void)


def _begin(installation: Installation) -> None:
    installation.programs.end("campaigns")
    installation.hubspot.plan({"do": "delay", "delay_ms": LATENCY})
    installation.hubspot.limit(per_10s=PER_10S)
    installation.send(BULK_BODY, BULK)
    installation.programs.start("campaigns")
