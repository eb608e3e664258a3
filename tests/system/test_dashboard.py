"""The dashboard is the one that its source makes, and asks only for what the programs tell."""

import json
import re
from typing import Any

import pytest

from deploy import dashboard
from tests.system import metrics
from tests.system.manifests import of_kind
from tests.system.monitoring import names

EXPRESSIONS = [expression for row in dashboard.ROWS.values() for _, _, told in row for expression in told]


def test_what_is_written_down_is_what_the_source_makes() -> None:
    assert dashboard.WRITTEN.read_text() == dashboard.written(), "python -m deploy.dashboard"
    assert json.loads(dashboard.written()) == dashboard.dashboard()


def test_it_asks_only_for_what_the_programs_tell() -> None:
    asked = {name for expression in EXPRESSIONS for name in names(expression)}
    assert asked <= metrics.all_samples()


def test_it_shows_every_metric_that_the_programs_tell() -> None:
    asked = {name for expression in EXPRESSIONS for name in names(expression)}
    told = [*metrics.families(metrics.of_service()), *metrics.families(metrics.of_workers())]
    assert [one.name for one in told if not any(name.startswith(one.name) for name in asked)] == []


def test_labels_are_grouped_by_only_where_they_are() -> None:
    """A misspelt label groups all series into one without a word."""
    labels = {
        label
        for registry in (metrics.of_service(), metrics.of_workers())
        for one in registry.collect()
        for sample in one.samples
        for label in sample.labels
    }
    grouped = {
        label for told in EXPRESSIONS for one in re.findall(r"by \(([^)]*)\)", told) for label in one.split(", ")
    }
    assert grouped <= labels | {"instance"}


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_it_is_deployed_where_grafana_looks_for_dashboards(overlay: str) -> None:
    found: list[dict[str, Any]] = [
        one for name, one in of_kind(overlay, "ConfigMap").items() if name.startswith("dashboard")
    ]
    (told,) = found
    assert told["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(told["data"]["fanfare.json"]) == dashboard.dashboard()
