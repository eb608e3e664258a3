"""The metrics of both programs, as they are once everything has happened: what alerts, dashboards and pages may name."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from campaigns.errors import InDoubt
from campaigns.health import Census, PortalCount
from campaigns.observe import AcceptMetrics, CensusMetrics, LoopMetrics, WorkMetrics

PORTAL: Final = PortalCount(
    line=2,
    oldest=1_000,
    waiting=1,
    held=0,
    flight=3,
    lane=1,
    places=40,
    ghosts=1,
    over=0,
    shown=0,
    why="down",
    since=500,
    paused=False,
)


def a_census(**portals: PortalCount) -> Census:
    """Five seconds late, with one callback due since two."""
    return Census(now=11_000, first_due=6_000, callbacks=1, first_callback=9_000, parked=1, portals=portals)


def of_service() -> CollectorRegistry:
    """What a service tells after a trigger, with one portal that is parked."""
    registry = CollectorRegistry()
    LoopMetrics(registry)
    AcceptMetrics(registry).answered("accepted", 0.002)
    CensusMetrics(registry, {"acme": 190}).counted(a_census(acme=PORTAL), safe=True)
    return registry


def of_workers() -> CollectorRegistry:
    """What a worker tells after one of everything, while it serves a portal."""
    registry = CollectorRegistry()
    LoopMetrics(registry)
    metrics = WorkMetrics(registry, ["acme"])
    metrics.posted("delivered", 200)
    work = metrics.of("acme")
    work.called(None)
    work.left("create", 2)
    work.attempted("create_campaign", InDoubt(), 300)
    work.looked("found")
    work.appeared("removed")
    work.ended("done", 400)
    work.day_left = 624_000
    work.slots = 100
    metrics.served["acme"] = work
    return registry


def families(registry: CollectorRegistry) -> list[Metric]:
    """Ours, without those that `prometheus_client` brings."""
    return [one for one in registry.collect() if one.name.startswith("fanfare_")]


def samples(registries: Iterable[CollectorRegistry]) -> set[str]:
    """The names of all series, as PromQL has them."""
    return {sample.name for registry in registries for one in registry.collect() for sample in one.samples}


def all_samples() -> set[str]:
    """The names of all series of both programs."""
    return samples((of_service(), of_workers()))
