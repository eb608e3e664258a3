"""The instruments of a worker: calls, steps, runs and callbacks by what came of them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from campaigns.errors import (
    CampaignsError,
    InDoubt,
    Later,
    MissingScope,
    RateLimited,
    Refused,
    Unauthorized,
)
from campaigns.keys import SECOND
from campaigns.model import Ending
from campaigns.observe.labels import PortalLabels

OUTCOMES: Final[tuple[tuple[type[CampaignsError], str], ...]] = (
    (Refused, "refused"),
    (RateLimited, "rate_limited"),
    (Unauthorized, "unauthorized"),
    (MissingScope, "missing_scope"),
    (Later, "later"),
    (InDoubt, "in_doubt"),
)
"""What a call to HubSpot may end in besides done; the narrower kinds of `Later` before it."""

BATCHES: Final = (1, 2, 5, 10, 20, 30, 40, 50)
"""Campaigns: HubSpot takes fifty in one call."""

STEP_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds: a call lasts ten at the most, the rest is waiting for a place in HubSpot's window."""

RUN_BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0)
"""Seconds: from a trigger that finds its portal served to a step that is given up after a day."""

LAG_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0, 3600.0, 86400.0)
"""Seconds: from a callback that is posted at once to one that was tried for a day."""

Operation = Literal["create", "read", "update", "archive"]
"""What one call may do to many campaigns."""

Found = Literal["found", "absent", "unsure"]
"""What a look for a step in doubt came to: HubSpot has done it; has not; may still do it, so it is looked for again."""

Verdict = Literal["removed", "shown"]


class WorkMetrics:
    """The instruments of a worker process.

    Args:
        registry: shows them.
        portals: those that the settings name.

    """

    def __init__(self, registry: CollectorRegistry, portals: Iterable[str]) -> None:
        self._labels = PortalLabels(portals)

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(name, meaning, labels, registry=registry)

        def histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(name, meaning, labels, buckets=buckets, registry=registry)

        self.calls = counter("fanfare_hubspot_calls", "Calls to HubSpot by what came of them.", "portal", "outcome")
        self.batches = histogram(
            "fanfare_batch_size",
            "Campaigns that one call creates, reads, updates or archives.",
            BATCHES,
            "portal",
            "operation",
        )
        self.doubts = counter("fanfare_steps_in_doubt", "Changes sent to HubSpot whose answer is missing.", "portal")
        self.looks = counter(
            "fanfare_steps_reconciled", "Looks for steps in doubt by what they came to.", "portal", "found"
        )
        self.ghosts = counter("fanfare_ghosts", "Ghosts that appeared, by what was done.", "portal", "verdict")
        self.steps = histogram(
            "fanfare_step_seconds",
            "Seconds of an attempt at a step, the wait for a place in HubSpot's window included.",
            STEP_BUCKETS,
            "kind",
            "outcome",
        )
        self.runs = histogram(
            "fanfare_run_seconds",
            "Seconds from a trigger's acceptance, or its notbefore, to the end of its run.",
            RUN_BUCKETS,
            "ending",
        )
        self._callbacks = counter(
            "fanfare_callbacks", "Attempts to post a callback or a message by what came of them.", "outcome"
        )
        for outcome in ("delivered", "due", "parked"):
            self._callbacks.labels(outcome)
        self._lag = histogram(
            "fanfare_callback_lag_seconds", "Seconds from a run's end to the delivery of its status.", LAG_BUCKETS
        )
        self.served: dict[str, PortalWork] = {}
        registry.register(self)

    def of(self, portal: str) -> "PortalWork":
        """What is counted of *portal*."""
        return PortalWork(self, portal, self._labels.of(portal))

    def posted(self, outcome: str, age: int) -> None:
        """Count an attempt to post what was to be told *age* ms ago: delivered, due (it is tried again), or parked."""
        self._callbacks.labels(outcome).inc()
        if outcome == "delivered":
            self._lag.observe(age / SECOND)

    def collect(self) -> Iterator[Metric]:
        """What is known of the portals that this process serves now."""
        used = GaugeMetricFamily("fanfare_slots_used", "Runs in hand of a portal served here.", labels=["portal"])
        slots = GaugeMetricFamily("fanfare_slots", "Runs that may be in hand of it at once.", labels=["portal"])
        left = GaugeMetricFamily(
            "fanfare_quota_day_left", "Calls left of the day, as HubSpot last said.", labels=["portal"]
        )
        for family, value in ((used, _used), (slots, _slots), (left, _left)):
            for label, told in self._summed(value).items():
                family.add_metric([label], told)
            yield family

    def _summed(self, value: "Callable[[PortalWork], float | None]") -> dict[str, float]:
        sums: dict[str, float] = {}
        for work in self.served.values():
            told = value(work)
            if told is not None:
                sums[work.label] = sums.get(work.label, 0.0) + told
        return sums


class PortalWork:
    """What is counted of one portal while it is served.

    Attributes:
        label: the portal's.
        day_left: calls left of HubSpot's day; None while it has not said so.
        slots: how many runs may be in hand at once.

    """

    def __init__(self, metrics: WorkMetrics, portal: str, label: str) -> None:
        self._metrics = metrics
        self._portal = portal
        self.label = label
        self.day_left: int | None = None
        self.slots = 0
        self.in_hand: Callable[[], int] = int
        self._show_from_the_beginning()

    def _show_from_the_beginning(self) -> None:
        """Prometheus sees no rise in what was never 0."""
        for outcome in ("done", *(word for _, word in OUTCOMES)):
            self._metrics.calls.labels(self.label, outcome)
        for found in get_args(Found):
            self._metrics.looks.labels(self.label, found)
        for verdict in get_args(Verdict):
            self._metrics.ghosts.labels(self.label, verdict)
        self._metrics.doubts.labels(self.label)
        for operation in get_args(Operation):
            self._metrics.batches.labels(self.label, operation)

    @contextmanager
    def serving(self, in_hand: Callable[[], int], slots: int) -> Iterator[None]:
        """Show meanwhile how many runs are *in_hand*, of so many *slots*."""
        self.in_hand, self.slots = in_hand, slots
        self._metrics.served[self._portal] = self
        try:
            yield
        finally:
            if self._metrics.served.get(self._portal) is self:  # it may be served anew already
                del self._metrics.served[self._portal]

    def called(self, error: CampaignsError | None) -> None:
        """Count a call that ended in *error*; None when it was done."""
        self._metrics.calls.labels(self.label, outcome_of(error)).inc()

    def left(self, operation: Operation, campaigns: int) -> None:
        """Count a call that does this to so many campaigns."""
        self._metrics.batches.labels(self.label, operation).observe(campaigns)

    def attempted(self, kind: str, error: CampaignsError | None, span: int) -> None:
        """Count an attempt at a step of this *kind*, *span* ms long, that ended in *error*; None when it was done."""
        self._metrics.steps.labels(kind, outcome_of(error)).observe(span / SECOND)
        if isinstance(error, InDoubt):
            self._metrics.doubts.labels(self.label).inc()

    def looked(self, found: Found) -> None:
        """Count a look for a step in doubt."""
        self._metrics.looks.labels(self.label, found).inc()

    def appeared(self, verdict: Verdict) -> None:
        """Count a ghost that has appeared."""
        self._metrics.ghosts.labels(self.label, verdict).inc()

    def ended(self, ending: Ending, span: int) -> None:
        """Count a run that ended so, *span* ms after it could have begun."""
        self._metrics.runs.labels(ending).observe(max(span, 0) / SECOND)


def outcome_of(error: CampaignsError | None) -> str:
    """What came of a call to HubSpot that ended in *error*, in a word; None when it was done."""
    if error is None:
        return "done"
    return next((word for kind, word in OUTCOMES if isinstance(error, kind)), "fault")


def _used(work: PortalWork) -> float:
    return work.in_hand()


def _slots(work: PortalWork) -> float:
    return work.slots


def _left(work: PortalWork) -> float | None:
    return work.day_left
