"""The whole system for stories: every program a process of its own, as `fanfare up` starts them."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from standardwebhooks import Webhook

from cli.demo import free_ports
from cli.programs import Programs
from cli.trial import Trial, lay_out
from simulator.fixture import Running

T = TypeVar("T")

PATIENCE = 40.0
"""Seconds: a lease, a call's deadline and the settle window pass before a dead holder's run goes on."""


class Stand:
    """A running installation, seen by the services that call it."""

    def __init__(self, trial: Trial, programs: Programs, http: httpx.Client) -> None:
        self.trial = trial
        self.programs = programs
        self.hubspot = Running(f"http://127.0.0.1:{trial.ports.simulator}")
        self._http = http

    def send(self, trigger: dict[str, Any], *, caller: str = "shop", key: str | None = None) -> httpx.Response:
        """Post *trigger* as *caller*."""
        headers = {"authorization": f"Bearer {self.trial.keys[caller]}"}
        if key is not None:
            headers["idempotency-key"] = key
        return self._http.post("/v1/triggers", json=trigger, headers=headers)

    def run(self, run_id: str, *, caller: str = "shop") -> dict[str, Any]:
        """The run as *caller* sees it."""
        answer = self._http.get(f"/v1/runs/{run_id}", headers={"authorization": f"Bearer {self.trial.keys[caller]}"})
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def ended(self, run_id: str, *, caller: str = "shop") -> dict[str, Any]:
        """The run once it has ended."""
        return until(lambda: (run := self.run(run_id, caller=caller))["status"] not in {"waiting", "running"} and run)

    def verified(self, body: bytes, headers: dict[str, str], *, caller: str = "shop") -> dict[str, Any]:
        """A callback's body, its signature verified as the caller would."""
        found: dict[str, Any] = Webhook(self.trial.secrets[caller]).verify(body, headers)
        return found


def until(ask: Callable[[], T | bool], patience: float = PATIENCE) -> T:
    """What *ask* gives once it gives something."""
    latest = time.monotonic() + patience
    while not (answer := ask()):
        assert time.monotonic() < latest, "it did not happen in time"
        time.sleep(0.02)
    return answer  # type: ignore[return-value]


@pytest.fixture(scope="session")
def installation() -> Iterator[Stand]:
    """One installation for the whole session."""
    with tempfile.TemporaryDirectory(prefix="fanfare-") as folder:
        trial = lay_out(Path(folder), free_ports(), settle=0.5, call_deadline=3.0)
        base = f"http://127.0.0.1:{trial.ports.service}"
        with Programs(trial) as programs, httpx.Client(base_url=base, trust_env=False, timeout=10) as http:
            yield Stand(trial, programs, http)


@pytest.fixture
def stand(installation: Stand) -> Stand:
    """The installation, with a HubSpot that is empty and does what it should."""
    installation.hubspot.reset()
    installation.hubspot.limit(per_10s=5_000)
    return installation
