"""The Grafana dashboard, from one source: `python -m deploy.dashboard` writes it where kustomize finds it."""

import json
from pathlib import Path
from typing import Any, Final

WRITTEN: Final = Path(__file__).with_name("components") / "monitoring" / "dashboard.json"

SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
WIDTH, HEIGHT = 6, 7
"""Of a panel, in Grafana's grid, which is 24 wide: four in a row."""

Panel = tuple[str, str, dict[str, str]]
"""Title, unit (Grafana's name for it), and each expression with the legend of its series."""


PORTAL: Final = '{portal=~"$portal"}'
SPAN: Final = "[$__rate_interval]"


def _quantiles(metric: str, by: str = "", where: str = "") -> dict[str, str]:
    """The median and the 99th percentile of a histogram."""
    grouped = ", ".join(filter(None, ("le", by)))
    rates = f"sum by ({grouped}) (rate({metric}_bucket{where}{SPAN}))"
    legend = f"{{{{{by}}}}} " if by else ""
    return {f"histogram_quantile({q}, {rates})": f"{legend}p{q[2:]}" for q in ("0.50", "0.99")}


def _rates(metric: str, by: str, where: str = "") -> dict[str, str]:
    """What happens in a second, by the values of a label."""
    return {f"sum by ({by}) (rate({metric}{where}{SPAN}))": f"{{{{{by}}}}}"}


def _each(metric: str, *by: str) -> dict[str, str]:
    """What every service tells alike, for each portal and whatever else."""
    labels = ("portal", *by)
    return {f"max by ({', '.join(labels)}) ({metric}{PORTAL})": ": ".join(f"{{{{{label}}}}}" for label in labels)}


def _all(metric: str, legend: str) -> dict[str, str]:
    """What every service tells alike for each portal, together."""
    return {f"sum(max by (portal) ({metric}{PORTAL}))": legend}


def _process(expression: str) -> dict[str, str]:
    """What any process tells, of ours."""
    return {f"{expression} and on (instance) fanfare_loop_lag_seconds_count": "{{instance}}"}


HOW_IT_IS: Final[tuple[Panel, ...]] = (
    (
        "Work is there and nobody on it",
        "s",
        {"max(fanfare_lateness_seconds)": "portals", "max(fanfare_callbacks_lateness_seconds)": "callbacks"},
    ),
    ("Triggers a second", "reqps", _rates("fanfare_triggers_total", "outcome")),
    ("Time to accept", "s", _quantiles("fanfare_accept_seconds")),
    ("Redis is safe", "bool_yes_no", {"max(fanfare_redis_safe)": "safe"}),
)

RUNS: Final[tuple[Panel, ...]] = (
    ("Open runs by place", "short", {"max by (place) (fanfare_runs_open)": "{{place}}"}),
    ("Runs ended a second", "ops", _rates("fanfare_run_seconds_count", "ending")),
    ("From acceptance to end", "s", _quantiles("fanfare_run_seconds")),
    ("Oldest run that may go now", "s", _each("fanfare_line_age_seconds")),
)

HUBSPOT: Final[tuple[Panel, ...]] = (
    ("Calls a second", "ops", _rates("fanfare_hubspot_calls_total", "outcome", PORTAL)),
    ("Calls left in ten seconds", "short", _each("fanfare_quota_window_left")),
    ("Calls left of the day", "short", _each("fanfare_quota_day_left")),
    ("Campaigns in a call", "short", _quantiles("fanfare_batch_size", by="operation", where=PORTAL)),
    ("Attempts at steps", "s", _quantiles("fanfare_step_seconds", by="kind")),
    (
        "Answers missing, and what looks came to",
        "ops",
        {f"sum(rate(fanfare_steps_in_doubt_total{PORTAL}{SPAN}))": "in doubt"}
        | _rates("fanfare_steps_reconciled_total", "found", PORTAL),
    ),
    (
        "Ghosts",
        "short",
        _all("fanfare_ghosts_sought", "looked for")
        | _all("fanfare_ghosts_shown", "for people to decide")
        | {f"sum by (verdict) (increase(fanfare_ghosts_total{PORTAL}{SPAN}))": "{{verdict}} now"},
    ),
    ("Portals left alone", "short", _each("fanfare_portals_parked", "reason")),
)

CALLBACKS: Final[tuple[Panel, ...]] = (
    ("Attempts a second", "ops", _rates("fanfare_callbacks_total", "outcome")),
    ("From the end to the delivery", "s", _quantiles("fanfare_callback_lag_seconds")),
    (
        "Due, and given up",
        "short",
        {"max(fanfare_callbacks_due)": "due", "max(fanfare_callbacks_parked)": "given up"},
    ),
)

PROCESSES: Final[tuple[Panel, ...]] = (
    (
        "Runs in hand, of those that may be",
        "short",
        {f"sum by (portal) (fanfare_slots_used{PORTAL})": "{{portal}}", f"sum(fanfare_slots{PORTAL})": "all slots"},
    ),
    ("Event loop: how late", "s", _quantiles("fanfare_loop_lag_seconds", by="instance")),
    ("Resident memory", "bytes", _process("process_resident_memory_bytes")),
    ("CPU", "percentunit", _process(f"rate(process_cpu_seconds_total{SPAN})")),
)

ROWS: Final = {
    "How it is": HOW_IT_IS,
    "Runs": RUNS,
    "HubSpot": HUBSPOT,
    "Callbacks": CALLBACKS,
    "Processes": PROCESSES,
}


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana takes it."""
    return {
        "uid": "fanfare",
        "title": "Fanfare",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [_source(), _portal()]},
        "panels": _panels(),
    }


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS.items():
        panels.append({"type": "row", "title": title, "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        y += 1
        for start in range(0, len(row), 4):
            panels += [_panel(one, x * WIDTH, y) for x, one in enumerate(row[start : start + 4])]
            y += HEIGHT
    return [{"id": number, **panel} for number, panel in enumerate(panels, 1)]


def _panel(panel: Panel, x: int, y: int) -> dict[str, Any]:
    title, unit, expressions = panel
    return {
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
            for number, (expression, legend) in enumerate(expressions.items())
        ],
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _portal() -> dict[str, Any]:
    return {
        "name": "portal",
        "label": "Portal",
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(fanfare_quota_window_left, portal)",
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
    }


def written() -> str:
    """The dashboard as it is written down: a panel a line, so that changes can be read."""
    told = dashboard()
    panels = ",\n".join(json.dumps(panel) for panel in told.pop("panels"))
    return f'{json.dumps(told)[:-1]}, "panels": [\n{panels}\n]}}\n'


if __name__ == "__main__":
    WRITTEN.write_text(written())
