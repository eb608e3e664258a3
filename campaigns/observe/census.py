"""The gauges of what stands where in Redis, and whether Redis keeps it; each service tells the same."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from campaigns.health import Census, PortalCount
from campaigns.keys import SECOND
from campaigns.observe.labels import PortalLabels
from campaigns.parking import Reason

PLACES: Final = ("held", "lane", "line", "waiting", "flight")
"""Where an open run stands (`model.Place`)."""

PAUSED: Final = "paused"

REASONS: Final = (*get_args(Reason), PAUSED)
"""Why a portal is left alone: one of its troubles, or an operator."""


class CensusMetrics:
    """What stands where, as it was last counted; nothing while it cannot be counted.

    Args:
        registry: shows them.
        limits: how many calls each portal of the settings has in HubSpot's window.

    """

    def __init__(self, registry: CollectorRegistry, limits: Mapping[str, int]) -> None:
        self._limits = limits
        self._labels = PortalLabels(limits)
        self._census: Census | None = None
        self._safe = False
        registry.register(self)

    def counted(self, census: Census | None, *, safe: bool) -> None:
        """Show *census* from now on, and whether Redis is *safe*; None: nothing could be counted."""
        self._census, self._safe = census, safe

    def collect(self) -> Iterator[Metric]:
        """The gauges, made anew at each scrape."""
        safe = "1 while Redis answers, keeps what it confirms and has room; else 0."
        yield GaugeMetricFamily("fanfare_redis_safe", safe, value=self._safe)
        census = self._census
        if census is None:
            return
        lateness = "Seconds that a portal has had work and nobody on it."
        yield GaugeMetricFamily("fanfare_lateness_seconds", lateness, value=census.lateness / SECOND)
        yield self._by_place(tuple(census.portals.values()))
        yield from self._by_portal(census)
        yield self._left_alone(census)
        yield from _callbacks(census)

    @staticmethod
    def _by_place(portals: tuple[PortalCount, ...]) -> Metric:
        family = GaugeMetricFamily("fanfare_runs_open", "Open runs by where they stand.", labels=["place"])
        for place in PLACES:
            family.add_metric([place], sum(getattr(portal, place) for portal in portals))
        return family

    def _by_portal(self, census: Census) -> Iterator[Metric]:
        def age(_: str, count: PortalCount) -> float:
            return max(census.now - count.oldest, 0) / SECOND if count.oldest else 0.0

        def left(name: str, count: PortalCount) -> float:
            return max(self._limits[name] - count.places, 0)

        yield self._gauge("fanfare_line_age_seconds", "Age of the oldest run that may go now.", census, age, max)
        yield self._gauge(
            "fanfare_quota_window_left", "Calls that still fit into HubSpot's ten seconds, by the tier.", census, left
        )
        yield self._gauge(
            "fanfare_ghosts_sought",
            "Attempts declared absent that are still looked for.",
            census,
            lambda _, count: count.ghosts,
        )
        yield self._gauge(
            "fanfare_ghosts_shown",
            "What has appeared in HubSpot for people to decide.",
            census,
            lambda _, count: count.shown,
        )

    def _gauge(
        self,
        name: str,
        meaning: str,
        census: Census,
        value: Callable[[str, PortalCount], float],
        together: Callable[[tuple[float, float]], float] = sum,
    ) -> Metric:
        """One gauge for each portal; *together* says what those without a label of their own come to."""
        values: dict[str, float] = {}
        for portal, count in census.portals.items():
            label = self._labels.of(portal)
            values[label] = together((values.get(label, 0.0), value(portal, count)))
        family = GaugeMetricFamily(name, meaning, labels=["portal"])
        for label, told in values.items():
            family.add_metric([label], told)
        return family

    def _left_alone(self, census: Census) -> Metric:
        counts = {(self._labels.of(portal), reason): 0 for portal in census.portals for reason in REASONS}
        for portal, count in census.portals.items():
            for reason in (count.why, PAUSED if count.paused else None):
                if reason is not None:
                    counts[self._labels.of(portal), reason] += 1
        told = "1 while the portal is left alone for this reason; else 0."
        family = GaugeMetricFamily("fanfare_portals_parked", told, labels=["portal", "reason"])
        for key, number in counts.items():
            family.add_metric(key, number)
        return family


def _callbacks(census: Census) -> Iterator[Metric]:
    late = max(census.now - census.first_callback, 0) if census.first_callback else 0
    yield GaugeMetricFamily("fanfare_callbacks_due", "Callbacks and messages to be posted.", value=census.callbacks)
    yield GaugeMetricFamily(
        "fanfare_callbacks_lateness_seconds",
        "Seconds that a callback or message has been due and nobody has posted it.",
        value=late / SECOND,
    )
    yield GaugeMetricFamily("fanfare_callbacks_parked", "Callbacks that wait for a replay.", value=census.parked)
