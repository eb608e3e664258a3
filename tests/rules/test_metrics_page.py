"""The page of the metrics has a row for each of them: its name in PromQL, kind, labels and meaning."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from tests.system import metrics

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()

SUFFIXES = {"counter": "_total", "histogram": "", "gauge": ""}


def row(one: Metric) -> str:
    labels = {label for sample in one.samples for label in sample.labels} - {"le"}
    named = ", ".join(f"`{label}`" for label in sorted(labels))
    return f"| `{one.name}{SUFFIXES[one.type]}` | {one.type} | {named} | {one.documentation} |\n"


@pytest.mark.parametrize("program", [metrics.of_service, metrics.of_workers])
def test_the_page_has_the_table_of_every_program(program: Callable[[], CollectorRegistry]) -> None:
    rows = "".join(row(one) for one in metrics.families(program()))
    table = f"| metric | kind | labels | |\n| --- | --- | --- | --- |\n{rows}\n"
    assert table in PAGE, f"docs/metrics.md lacks this:\n\n{table}"


def test_names_and_units_obey_the_rules_of_prometheus() -> None:
    """https://prometheus.io/docs/practices/naming/: seconds, not parts of them; what only counts ends in total."""
    for one in (*metrics.families(metrics.of_service()), *metrics.families(metrics.of_workers())):
        assert not one.name.endswith(("_ms", "_milliseconds", "_minutes", "_count", "_sum", "_total"))
        assert one.documentation.endswith(".")
