"""A real Prometheus watches a real installation: every alert and every panel finds what it asks for."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy import dashboard
from tests.receiver import Receiver
from tests.stories.conftest import Stand, until
from tests.stories.test_promises import a_launch
from tests.system.monitoring import ALERTS, RULES, needs_prometheus, selectors, written

pytestmark = pytest.mark.slow

RECENT = "15s"
"""For `$__rate_interval`, which Grafana makes of what is looked at: some scrapes."""


class Prometheus:
    """One that scrapes each second."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def asked(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON is any
        """What it answers to a question of its API."""
        answer = (await self._http.get(f"/api/v1/{path}", params=parameters)).json()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    async def sees_all(self) -> bool:
        """Whether it has scraped every program; it begins seconds after it answers."""
        try:
            up = (await self.asked("query", query="count(up == 1)"))["result"]
        except (httpx.TransportError, ValueError):
            return False  # it is starting
        return bool(up) and up[0]["value"][1] == "3"

    async def lacking(self, expressions: list[str]) -> list[str]:
        """Those of *expressions* that had no series in the last minute."""
        now = float((await self.asked("query", query="time()"))["result"][1])
        span = {"start": str(now - 60), "end": str(now), "step": "1"}
        return [one for one in expressions if not (await self.asked("query_range", query=one, **span))["result"]]


@asynccontextmanager
async def prometheus(stand: Stand, folder: Path) -> AsyncIterator[Prometheus]:
    """A Prometheus with our rules, told of the three programs; it keeps what it knows in *folder*."""
    ports = stand.trial.ports
    targets = {"service": [ports.service], "workers": [ports.campaigns, ports.callbacks]}
    jobs = [
        {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in told]}]}
        for job, told in targets.items()
    ]
    rules = written(folder / "rules.yaml", RULES)
    told = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "scrape_configs": jobs}
    config = written(folder / "prometheus.yaml", told | {"rule_files": [rules.name]})
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'series'}",
        f"--web.listen-address={address}",
        "--log.level=error",
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False, timeout=10) as http:
            watching = Prometheus(http)
            await until(watching.sees_all)
            yield watching
    finally:
        process.terminate()
        await process.wait()


async def test_every_alert_and_every_panel_finds_what_it_asks_for(stand: Stand, tmp_path: Path) -> None:
    needs_prometheus()
    asked = [one for alert in ALERTS for one in selectors(alert["expr"])]
    shown = [expression for row in dashboard.ROWS.values() for _, _, told in row for expression in told]
    shown = [one.replace("$portal", ".*").replace("$__rate_interval", RECENT) for one in shown]
    async with prometheus(stand, tmp_path) as watching, Receiver() as receiver:
        await stand.ended(await stand.accepted(a_launch("Scraped", callbackurl=receiver.url()), key="scraped"))
        await receiver.wait_for(1)

        async def complete() -> bool:
            return not await watching.lacking([*asked, *shown])

        try:
            await until(complete)
        except TimeoutError:
            pytest.fail(f"nothing is told of {await watching.lacking([*asked, *shown])}")
        (group,) = (await watching.asked("rules"))["groups"]
    assert {rule["name"]: (rule["health"], rule["state"]) for rule in group["rules"]} == {
        alert["alert"]: ("ok", "inactive") for alert in ALERTS
    }
