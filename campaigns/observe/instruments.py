"""The instruments behind /metrics, by Prometheus's rules for names and units; labels take few values.

They are made by the composition roots, each process for itself; nothing is registered on import.
"""

from collections.abc import Iterable, Iterator
from typing import Final

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
from campaigns.health import Census, PortalCount
from campaigns.keys import SECOND

ACCEPT_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds: one fsync is the least that an acceptance takes, and after some seconds Redis counts as away."""

PLACES: Final = ("held", "lane", "line", "waiting", "flight")
"""Where an open run stands (`model.Place`)."""

MOST_PORTALS: Final = 200
"""Portals with a label of their own; those beyond are counted together, as each label costs Prometheus memory."""

OTHERS: Final = "others"

OUTCOMES: Final[tuple[tuple[type[CampaignsError], str], ...]] = (
    (Refused, "refused"),
    (RateLimited, "rate_limited"),
    (Unauthorized, "unauthorized"),
    (MissingScope, "missing_scope"),
    (Later, "later"),
    (InDoubt, "in_doubt"),
)
"""What a call to HubSpot may end in besides done; the narrower kinds of `Later` before it."""


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
        self._by_outcome: dict[str, Counter] = {}

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


class CensusMetrics:
    """What stands where, as it was last counted; nothing while it cannot be counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._census: Census | None = None
        registry.register(self)

    def counted(self, census: Census | None) -> None:
        """Show *census* from now on; None: nothing could be counted."""
        self._census = census

    def collect(self) -> Iterator[Metric]:
        """The gauges, made anew at each scrape."""
        if self._census is None:
            return
        lateness = "Seconds that a portal has had work and nobody on it."
        yield GaugeMetricFamily("fanfare_lateness_seconds", lateness, value=self._census.lateness / SECOND)
        yield self._by_place(tuple(self._census.portals.values()))
        parked = sum(portal.why is not None for portal in self._census.portals.values())
        yield GaugeMetricFamily("fanfare_portals_parked", "Portals that are left alone until a probe.", value=parked)
        shown = sum(portal.shown for portal in self._census.portals.values())
        yield GaugeMetricFamily(
            "fanfare_ghosts_shown", "What has appeared in HubSpot for people to decide.", value=shown
        )
        due, given_up = self._census.callbacks, self._census.parked
        yield GaugeMetricFamily("fanfare_callbacks_due", "Callbacks and messages to be posted.", value=due)
        yield GaugeMetricFamily("fanfare_callbacks_parked", "Callbacks that wait for a replay.", value=given_up)

    @staticmethod
    def _by_place(portals: tuple[PortalCount, ...]) -> Metric:
        family = GaugeMetricFamily("fanfare_runs_open", "Open runs by where they stand.", labels=["place"])
        for place in PLACES:
            family.add_metric([place], sum(getattr(portal, place) for portal in portals))
        return family


class WorkMetrics:
    """The instruments of a worker process.

    Args:
        registry: shows them.
        portals: those that the settings name.

    """

    def __init__(self, registry: CollectorRegistry, portals: Iterable[str]) -> None:
        self._named = frozenset(sorted(portals)[:MOST_PORTALS])
        self._calls = Counter(
            "fanfare_hubspot_calls",
            "Calls to HubSpot by what came of them.",
            ("portal", "outcome"),
            registry=registry,
        )
        self._callbacks = Counter(
            "fanfare_callbacks",
            "Attempts to post a callback or a message by what came of them.",
            ("outcome",),
            registry=registry,
        )

    def called(self, portal: str, error: CampaignsError | None) -> None:
        """Count a call to *portal* that ended in *error*; None when it was done."""
        self._calls.labels(portal if portal in self._named else OTHERS, outcome_of(error)).inc()

    def posted(self, outcome: str) -> None:
        """Count an attempt to post: delivered, due (it is tried again), or parked."""
        self._callbacks.labels(outcome).inc()


def outcome_of(error: CampaignsError | None) -> str:
    """What came of a call to HubSpot that ended in *error*, in a word; None when it was done."""
    if error is None:
        return "done"
    return next((word for kind, word in OUTCOMES if isinstance(error, kind)), "fault")
