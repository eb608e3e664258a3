"""The instruments of acceptance: triggers by what became of them, and how long their answers took."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

ACCEPT_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds: one fsync is the least that an acceptance takes, and after some seconds Redis counts as away."""

FAILED: Final = ("internal", "unavailable", "store-full", "not-yet-durable")
"""What a trigger may be answered with for which its sender can do nothing: the alerts count these."""


class AcceptMetrics:
    """The instruments of acceptance."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "fanfare_accept_seconds",
            "Seconds from a trigger's arrival to its answer, whatever the answer was.",
            buckets=ACCEPT_BUCKETS,
            registry=registry,
        )
        self._triggers = Counter(
            "fanfare_triggers",
            "Triggers by what became of them: accepted, replayed, or the slug of the problem.",
            ("outcome",),
            registry=registry,
        )
        # Shown from the beginning: Prometheus sees no rise in what was never 0.
        self._by_outcome = {word: self._triggers.labels(word) for word in ("accepted", "replayed", *FAILED)}

    def answered(self, outcome: str, seconds: float) -> None:
        """Count one trigger that was answered after *seconds*.

        Args:
            outcome: one of few words: accepted, replayed, or a problem's slug.
            seconds: by a monotonic clock.

        """
        counter = self._by_outcome.get(outcome)
        if counter is None:
            counter = self._by_outcome[outcome] = self._triggers.labels(outcome)
        counter.inc()
        self._seconds.observe(seconds)
