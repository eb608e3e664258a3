"""Many portals in one process, one of them slow and one down: how much longer the others wait than if all were well.

Triggers come twenty-five a second, to all the others in turn: nearly each finds its portal served by nobody. Each wait
is that until HubSpot's first call for it arrives. Beside them the two have a backlog of some minutes: first with a
HubSpot that is well, then with one that takes two seconds for each answer and one that answers 503.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle, islice
from typing import Final

from bench.drain import NO_LIMIT, TWO_ASSETS
from bench.installation import Installation, installed, resident, told_work, until
from bench.rows import Row, percentile
from bench.waits import waits
from simulator.fixture import running

PORTALS: Final = 1_000
ROUNDS: Final = 5
TRIGGERS: Final = 500
"""In a round."""

APART: Final = 0.04
BACKLOG: Final = 3_000
"""Runs of each of the two: 6,000 calls, five minutes at HubSpot's limit."""

BEGUN: Final = 50
"""Calls after which the two have begun: a hundred runs were taken up by then."""

SLOW: Final = 2_000
"""Milliseconds."""

MOST: Final = 5.0
MEGABYTE: Final = 1_000_000


def rows() -> Iterator[Row | str]:
    """Measure."""
    yield from measured(PORTALS, ROUNDS, TRIGGERS, BACKLOG)


def measured(portals: int, rounds: int, triggers: int, backlog: int) -> Iterator[Row | str]:
    """So many portals with so many triggers in a round, beside two with a *backlog*."""
    names = [f"p{number}" for number in range(portals)]
    turns = cycle(names)
    with ExitStack() as stack:
        slow, down = (stack.enter_context(running()) for _ in range(2))
        installation = stack.enter_context(
            installed(lambda url: dict.fromkeys(names, url) | {"slow": slow.url, "down": down.url})
        )
        installation.hubspot.limit(per_10s=NO_LIMIT)  # it stands for as many accounts as there are portals
        before = installation.work()
        alone = _p99(installation, turns, triggers, "alone")
        work = told_work(before, installation.work(), triggers)
        for name in ("slow", "down"):
            installation.send(TWO_ASSETS.replace('"acme"', f'"{name}"'), backlog)
        until(lambda: min(slow.stats()["requests"], down.stats()["requests"]) >= BEGUN, "both are well under way")
        well = [_p99(installation, turns, triggers, f"well{number}") for number in range(rounds)]
        slow.plan({"do": "delay", "delay_ms": SLOW})
        down.plan({"do": "status_before", "status": 503})
        until(lambda: installation.in_flight("slow") > 0, "the slow one is served")
        until(lambda: installation.has("park", "down"), "the one that is down is parked")
        ill = [_p99(installation, turns, triggers, f"ill{number}") for number in range(rounds)]
        void = None if installation.in_line("slow") else "the slow one had nothing left to do"
        memory = resident(installation.programs.pid("campaigns")) / MEGABYTE
    for told, p99s in (("nothing else is done", [alone]), ("all are well", well), ("one is slow and one down", ill)):
        middle = sorted(p99s)[len(p99s) // 2]
        yield f"p99 of {portals:,} portals in one process while {told}: {middle * 1000:.0f} ms"
    yield f"{work}, while nothing else is done"
    yield f"memory of the process that served {portals:,} portals: {memory:.0f} MB"
    ratios = tuple(one / other for one, other in zip(ill, well, strict=True))
    what = f"{portals:,} portals in one process, p99 with one slow and one down / all well"
    yield Row(what, ratios, most=MOST, void=void)


def _p99(installation: Installation, turns: Iterator[str], triggers: int, name: str) -> float:
    portals = list(islice(turns, triggers))
    return percentile(asyncio.run(waits(installation, portals, apart=APART, name=name, priority="normal")), 0.99)
