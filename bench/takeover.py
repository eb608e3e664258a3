"""A worker is killed that serves portals, each with a call in flight: how long until another has taken them.

Two workers share the portals. Each portal has runs of one subject, which go one after the other, so it has a call in
flight nearly always: HubSpot takes two seconds for each. In every round the one that serves more is killed (SIGKILL);
from then until the other has taken a portal's lease is a take-over. Both times are Redis's. Then a new one is started.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from bench.drain import NO_LIMIT, TWO_ASSETS
from bench.installation import Installation, installed, until
from bench.rows import Row, percentile
from campaigns.keys import PREFIXES

PORTALS: Final = tuple(f"p{number}" for number in range(20))
RUNS: Final = 40
"""Of each portal, six seconds each: they last for four minutes."""

LATENCY: Final = 2_000
ROUNDS: Final = 5
MOST: Final = 8.0
SAME_SUBJECT: Final = TWO_ASSETS.replace("sku-@", "always the same")


def rows() -> Iterator[Row | str]:
    """Measure."""
    with installed(lambda url: dict.fromkeys(PORTALS, url)) as installation, ExitStack() as stack:
        installation.programs.end("campaigns")
        installation.hubspot.plan({"do": "delay", "delay_ms": LATENCY})
        installation.hubspot.limit(per_10s=NO_LIMIT)
        for portal in PORTALS:
            installation.send(SAME_SUBJECT.replace('"acme"', f'"{portal}"'), RUNS)
        _worker(installation, stack)
        _worker(installation, stack)
        rounds = []
        for _ in range(ROUNDS):
            until(lambda: len(_holders(installation)) == len(PORTALS), "all portals are served")
            until(lambda: all(installation.in_flight(portal) for portal in PORTALS), "all have a run in flight")
            rounds.append(_kill_one(installation))
            _worker(installation, stack)
    taken = sum(len(one) for one in rounds)
    yield f"take-over: {taken} in {ROUNDS} kills, p50 {percentile([one for each in rounds for one in each], 0.5):.2f} s"
    p99s = tuple(percentile(one, 0.99) for one in rounds)
    yield Row("SIGKILL of a holder to the next one's lease, p99", p99s, most=MOST, unit="s")


def _worker(installation: Installation, stack: ExitStack) -> None:
    """Start one more, which is killed in the end."""
    log = stack.enter_context((installation.trial.folder / "workers.log").open("ab"))
    process = subprocess.Popen(
        [sys.executable, "-m", "workers", "campaigns"], env=installation.trial.environment, stdout=log, stderr=log
    )
    stack.callback(process.wait)
    stack.callback(process.kill)


def _kill_one(installation: Installation) -> list[float]:
    """Kill the worker that serves more portals; seconds until each of them was taken."""
    before = _holders(installation)
    holders = list(before.values())
    victim = max(set(holders), key=holders.count)
    left = {portal for portal, holder in before.items() if holder == victim}
    killed_at = _now(installation)
    os.kill(_pid(victim), signal.SIGKILL)
    spans: list[float] = []

    def all_are_taken() -> bool:
        now = _now(installation)
        taken = {portal for portal, holder in _holders(installation).items() if portal in left and holder != victim}
        left.difference_update(taken)
        spans.extend(now - killed_at for _ in taken)
        return not left

    until(all_are_taken, "another has taken them all")
    return spans


def _holders(installation: Installation) -> dict[str, str]:
    """Which process serves each portal, of those that are served."""
    leases = installation.redis.mget([PREFIXES["lease"] + portal for portal in PORTALS])
    held = zip(PORTALS, leases, strict=True)
    return {portal: lease.decode().split(" ", 1)[0] for portal, lease in held if isinstance(lease, bytes)}


def _pid(process: str) -> int:
    """Of the process that calls itself so in its leases."""
    return int(process.split(".")[-2])


def _now(installation: Installation) -> float:
    seconds, microseconds = installation.redis.time()
    return float(seconds) + float(microseconds) / 1_000_000
