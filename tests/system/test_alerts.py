"""Each alert fires when it should and not when it need not, by promtool; and each says what to do."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from campaigns.observe.accepting import FAILED
from tests.system import metrics
from tests.system.manifests import DEPLOY, of_kind
from tests.system.monitoring import ALERTS, RULES, names, needs_prometheus, promtool, written

RUNBOOK = (DEPLOY.parent / "docs" / "running.md").read_text()
PAGING = {"FanfareLate", "FanfareAcceptsFail", "FanfareRedisUnsafe", "FanfareCallbacksStuck"}

HOURS = "x1500"
"""Steady for a day and an hour, in steps of a minute."""

WELL = {
    "fanfare_lateness_seconds": f"0{HOURS}",
    "fanfare_redis_safe": f"1{HOURS}",
    "fanfare_callbacks_lateness_seconds": f"0{HOURS}",
    'fanfare_triggers_total{outcome="accepted"}': f"0+600{HOURS}",
    'fanfare_triggers_total{outcome="no-recipe"}': f"0+100{HOURS}",
    'fanfare_triggers_total{outcome="unavailable"}': f"0{HOURS}",
    'fanfare_portals_parked{portal="acme",reason="down"}': f"0{HOURS}",
    'fanfare_ghosts_shown{portal="acme"}': f"0{HOURS}",
    'fanfare_hubspot_calls_total{portal="acme",outcome="in_doubt"}': f"0+1{HOURS}",
    'fanfare_hubspot_calls_total{portal="acme",outcome="done"}': f"0+600{HOURS}",
    'fanfare_loop_lag_seconds_count{job="workers",pod="a"}': f"0+120{HOURS}",
    'fanfare_loop_lag_seconds_count{job="workers",pod="b"}': f"0+120{HOURS}",
}
"""An installation with nothing wrong: callers err, and HubSpot now and then leaves an answer out."""

ACME = {"portal": "acme"}
AWAY = {
    'fanfare_portals_parked{portal="acme",reason="down"}': "0x10 1x1500",
    'fanfare_hubspot_calls_total{portal="acme",outcome="in_doubt"}': "0x10 5x1500",
    'fanfare_hubspot_calls_total{portal="acme",outcome="done"}': "0+600x10 6000x1500",
    'fanfare_hubspot_calls_total{portal="acme",outcome="later"}': "0x10 0+0.1x1500",
    'fanfare_runs_open{place="waiting"}': "0x10 0+600x1500",
}
"""HubSpot stops answering after ten minutes, for a day: runs wait, callers go on sending, a probe leaves now and then."""


class Case(msgspec.Struct, frozen=True):
    """What differs from an installation that is well, and what fires at *at*; None takes a series away."""

    name: str
    at: str
    differs: Mapping[str, str | None] = {}
    fires: dict[str, dict[str, str]] = {}


CASES = (
    Case("all is well", "24h"),
    Case("late for a minute and a half", "3m", {"fanfare_lateness_seconds": "0 90 90 90"}, {"FanfareLate": {}}),
    Case("late for a moment, as when a process dies", "3m", {"fanfare_lateness_seconds": "0 9 0 0"}),
    Case("one of fifty triggers fails", "20m", {'fanfare_triggers_total{outcome="store-full"}': "0+15x30"}, {"FanfareAcceptsFail": {}}),
    Case("a trigger fails and is repeated", "12m", {'fanfare_triggers_total{outcome="unavailable"}': "0x8 20x30"}),
    Case("callers err, however much", "20m", {'fanfare_triggers_total{outcome="invalid"}': "0+900x30"}),
    Case(
        "no service answers",
        "20m",
        {name: "1x5" for name in WELL if name.startswith("fanfare_triggers")}
        | dict.fromkeys(("fanfare_lateness_seconds", "fanfare_callbacks_lateness_seconds"), "0x5")
        | {"fanfare_redis_safe": "1x5"},
        {"FanfareAcceptsFail": {}},
    ),
    Case("Redis is away, and nothing else can be told", "4m", {"fanfare_redis_safe": "1 0 0 0 0", "fanfare_lateness_seconds": None}, {"FanfareRedisUnsafe": {}}),
    Case("a failover", "3m", {"fanfare_redis_safe": "1 0 1 1"}),
    Case("one service of two does not reach Redis", "9m", {'fanfare_redis_safe{pod="cut-off"}': "0x10"}),
    Case("nobody posts callbacks", "9m", {"fanfare_callbacks_lateness_seconds": "0+60x10"}, {"FanfareCallbacksStuck": {}}),
    Case("a callback is posted late", "9m", {"fanfare_callbacks_lateness_seconds": "200x10"}),
    Case("HubSpot is away, a quarter of an hour", "25m", AWAY),
    Case("HubSpot is away, the whole day", "23h", AWAY, {"FanfarePortalParked": ACME | {"reason": "down"}}),
    Case("a portal is paused and forgotten", "1h", {'fanfare_portals_parked{portal="acme",reason="paused"}': "1x90"}, {"FanfarePortalParked": ACME | {"reason": "paused"}}),
    Case("a ghost is shown", "9m", {'fanfare_ghosts_shown{portal="acme"}': "0 1x10"}, {"FanfareGhostsShown": ACME}),
    Case("a ghost was shown yesterday", "23h", {'fanfare_ghosts_shown{portal="acme"}': f"0 1{HOURS}"}),
    Case("one in ten answers is missing", "1h", {'fanfare_hubspot_calls_total{portal="acme",outcome="in_doubt"}': "0+60x90"}, {"FanfareDoubtsGrow": ACME}),
    Case("a quiet portal has one doubt", "1h", {'fanfare_hubspot_calls_total{portal="acme",outcome="in_doubt"}': "0x40 1x90", 'fanfare_hubspot_calls_total{portal="acme",outcome="done"}': "0x40 2x90"}),
    Case("a worker dies again and again", "20m", {'fanfare_loop_lag_seconds_count{job="workers",pod="a"}': "0 120 20 140 30 150 10+120x20"}, {"FanfareProcessesDie": {"job": "workers"}}),
    Case("a rollout", "20m", {'fanfare_loop_lag_seconds_count{job="workers",pod="a"}': "0+120x5", 'fanfare_loop_lag_seconds_count{job="workers",pod="c"}': "_x5 0+120x20"}),
)  # fmt: skip


def expected(alert: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    """The alert as promtool wants to be told of it."""
    texts = alert["annotations"].items()
    annotations = {key: re.sub(r"{{ \$labels\.(\w+) }}", lambda found: labels[found[1]], text) for key, text in texts}
    return {"exp_labels": alert["labels"] | labels, "exp_annotations": annotations}


def told(case: Case) -> dict[str, Any]:
    """One of promtool's tests: what fires, and that nothing else does."""
    series = {name: values for name, values in {**WELL, **case.differs}.items() if values is not None}
    return {
        "name": case.name,
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {
                "alertname": alert["alert"],
                "eval_time": case.at,
                "exp_alerts": [expected(alert, case.fires[alert["alert"]])] if alert["alert"] in case.fires else [],
            }
            for alert in ALERTS
        ],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_fires_and_what_does_not(case: Case, tmp_path: Path) -> None:
    needs_prometheus()
    written(tmp_path / "rules.yaml", RULES)
    told_all = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [told(case)]}
    promtool("test", "rules", written(tmp_path / "test.yaml", told_all).name, folder=tmp_path)


def test_every_alert_is_shown_to_fire() -> None:
    assert {alert for case in CASES for alert in case.fires} == {alert["alert"] for alert in ALERTS}


def test_hubspot_alone_pages_nobody() -> None:
    assert {alert for case in CASES if case.differs is AWAY for alert in case.fires} & PAGING == set()


def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    needs_prometheus()
    path = written(tmp_path / "rules.yaml", RULES)
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", path.name, folder=tmp_path)


def test_few_alerts_and_only_four_that_page() -> None:
    assert len(ALERTS) <= 8
    assert {alert["alert"] for alert in ALERTS if alert["labels"]["severity"] == "page"} == PAGING
    assert {alert["labels"]["severity"] for alert in ALERTS} == {"page", "ticket"}


def test_alerts_ask_only_for_what_the_programs_tell() -> None:
    assert {name for alert in ALERTS for name in names(alert["expr"])} <= metrics.all_samples()
    (failing,) = (alert["expr"] for alert in ALERTS if alert["alert"] == "FanfareAcceptsFail")
    assert f'outcome=~"{"|".join(FAILED)}"' in failing


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_has_its_section_in_the_runbook(alert: dict[str, Any]) -> None:
    page, _, section = alert["annotations"]["runbook_url"].partition("#")
    assert page == "docs/running.md"
    heading = f"## {section.replace('-', ' ').capitalize()}\n"
    assert heading in RUNBOOK
    text = RUNBOOK.partition(heading)[2].partition("\n## ")[0]
    assert f"`{alert['alert']}`" in text
    assert all(f"**{part}" in text for part in ("Look", "Do"))


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_the_rules_are_deployed(overlay: str) -> None:
    assert of_kind(overlay, "PrometheusRule")["fanfare"]["spec"] == RULES
