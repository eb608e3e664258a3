"""The whole system for stories: every program a process of its own, as `fanfare up` starts them."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from standardwebhooks import Webhook

from cli.demo import free_ports
from cli.programs import NAMES, Programs
from cli.trial import Trial, lay_out
from simulator.fixture import Running
from tests.receiver import Received

T = TypeVar("T")

PATIENCE = 40.0
"""Seconds: a lease, a call's deadline and the settle window pass before a dead holder's run goes on."""

ENDED = {"done", "partial", "failed", "cancelled", "superseded"}


class Stand:
    """A running installation, seen by the services that call it."""

    def __init__(self, trial: Trial, programs: Programs, http: httpx.AsyncClient) -> None:
        self.trial = trial
        self.programs = programs
        self.hubspot = Running(f"http://127.0.0.1:{trial.ports.simulator}")
        self._http = http

    async def send(self, trigger: dict[str, Any], *, caller: str = "shop", key: str | None = None) -> httpx.Response:
        """Post *trigger* as *caller*."""
        headers = {"authorization": f"Bearer {self.trial.keys[caller]}"}
        if key is not None:
            headers["idempotency-key"] = key
        return await self._http.post("/v1/triggers", json=trigger, headers=headers)

    async def accepted(self, trigger: dict[str, Any], *, caller: str = "shop", key: str) -> str:
        """The id of the run that *trigger* became."""
        answer = await self.send(trigger, caller=caller, key=key)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    async def read(self, path: str, *, caller: str = "shop") -> httpx.Response:
        """GET *path* as *caller*."""
        return await self._http.get(path, headers={"authorization": f"Bearer {self.trial.keys[caller]}"})

    async def command(
        self, path: str, body: object = None, *, caller: str = "shop", key: str | None = None
    ) -> httpx.Response:
        """POST an operator's command to *path* as *caller*."""
        headers = {"authorization": f"Bearer {self.trial.keys[caller]}"} | ({"idempotency-key": key} if key else {})
        return await self._http.post(path, json=body, headers=headers)

    async def ended(self, run_id: str) -> dict[str, Any]:
        """The run, once it has ended, as its caller sees it."""

        async def ask() -> dict[str, Any] | None:
            run: dict[str, Any] = (await self.read(f"/v1/runs/{run_id}")).json()
            return run if run["status"] in ENDED else None

        return await until(ask)

    def verified(self, callback: Received, *, caller: str = "shop") -> dict[str, Any]:
        """A callback's body, its signature verified as the caller would."""
        found: dict[str, Any] = Webhook(self.trial.secrets[caller]).verify(callback.body, callback.headers)
        return found


async def until(ask: Callable[[], Awaitable[T | None]], patience: float = PATIENCE) -> T:
    """What *ask* gives once it gives something."""
    async with asyncio.timeout(patience):
        while not (answer := await ask()):  # noqa: ASYNC110 - what other processes do sets no event here
            await asyncio.sleep(0.02)
    return answer


@pytest.fixture(scope="session")
def programs() -> Iterator[tuple[Trial, Programs]]:
    """One installation for the whole session."""
    with tempfile.TemporaryDirectory(prefix="fanfare-") as folder:
        trial = lay_out(Path(folder), free_ports(), settle=0.5, call_deadline=3.0)
        with Programs(trial) as programs:
            yield trial, programs


@pytest.fixture
async def stand(programs: tuple[Trial, Programs]) -> AsyncIterator[Stand]:
    """The installation, complete, with a HubSpot that is empty and does what it should."""
    trial, running = programs
    base = f"http://127.0.0.1:{trial.ports.service}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=10) as http:
        stand = Stand(trial, running, http)
        stand.hubspot.reset()
        stand.hubspot.limit(per_10s=5_000)
        yield stand
    for name in NAMES:
        if not running.runs(name):
            running.start(name)
    running.until_ready()
