"""The instruments of any process: how late its event loop is, and what it takes of the machine."""

import asyncio
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, disable_created_metrics

EACH: Final = 0.5
"""Seconds between two looks: thirty for each scrape, at a cost of microseconds."""

LAG_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds: below a millisecond is the machine's own; all that the process does waits this long, again and again."""


def count_without_birthdays() -> None:
    """Let no counter tell when it was made, which would double what Prometheus keeps; for a program, at its start."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client's


class LoopMetrics:
    """The instruments of a process: its loop's lag, and those of `prometheus_client` (CPU, memory, open files)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lag = Histogram(
            "fanfare_loop_lag_seconds",
            "Seconds that the event loop came late to what was due, looked at twice a second.",
            buckets=LAG_BUCKETS,
            registry=registry,
        )
        ProcessCollector(registry=registry)

    async def watch(self) -> None:
        """Look at the loop that this is awaited on, until cancelled."""
        now = asyncio.get_running_loop().time
        while True:
            due = now() + EACH
            await asyncio.sleep(EACH)
            self._lag.observe(max(now() - due, 0.0))
