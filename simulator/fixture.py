"""The simulator for tests of other projects: as its own process on a free port, and as a pytest fixture.

In a `conftest.py`: `pytest_plugins = ["simulator.fixture"]`, then ask for `hubspot` in a test.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

HOST: Final = "127.0.0.1"
START_S: Final = 20.0  # a cold interpreter on a busy machine takes seconds
PAUSE_S: Final = 0.05
ROOT: Final = Path(__file__).parent.parent


class Running:
    """A simulator that runs; `url` is what a client takes for `https://api.hubapi.com`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def campaigns(self) -> list[dict[str, Any]]:
        """Return every campaign that was ever made, oldest first."""
        return self._ask("GET", "campaigns")  # type: ignore[no-any-return]

    def ledger(self) -> list[dict[str, Any]]:
        """Return every wish to change something, oldest first."""
        return self._ask("GET", "ledger")  # type: ignore[no-any-return]

    def stats(self) -> dict[str, Any]:
        """Return how many requests came and how they were answered."""
        return self._ask("GET", "stats")  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Begin anew, as just started."""
        self._ask("POST", "reset")

    def plan(self, *faults: dict[str, object], seed: int = 0) -> None:
        """Plan trouble, in place of what was planned before."""
        self._ask("PUT", "faults", {"seed": seed, "faults": faults})

    def met(self) -> list[int]:
        """Return how many requests each fault of the plan has struck, in the plan's order."""
        return self._ask("GET", "faults")["met"]  # type: ignore[no-any-return]

    def limit(self, *, per_10s: int | None = None, per_day: int | None = None) -> None:
        """Set the limits; None is the tier's."""
        self._ask("PUT", "limits", {"per_10s": per_10s, "per_day": per_day})

    def turn(self, **switches: str | int) -> None:
        """Turn switches; the others stay."""
        self._ask("PUT", "switches", switches)

    def lose_assets(self, *ids: str | int) -> None:
        """Let these assets not exist, in place of those named before."""
        self._ask("PUT", "missing_assets", ids)

    def _ask(self, method: str, control: str, body: object = None) -> Any:  # noqa: ANN401  JSON is anything
        sent = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_sim/{control}", data=sent, method=method)  # noqa: S310  http to this machine
        with urlopen(request, timeout=START_S) as answer:  # noqa: S310  likewise
            return json.loads(answer.read() or b"null")


@contextmanager
def running(*arguments: str) -> Iterator[Running]:
    """Start a simulator on a free port, with more arguments of `python -m simulator`, and stop it at the end."""
    port = _free_port()
    command = [sys.executable, "-m", "simulator", "--host", HOST, "--port", str(port), *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:  # noqa: S603  our own program
        try:
            yield _once_it_answers(Running(f"http://{HOST}:{port}"), process)
        finally:
            process.terminate()


@pytest.fixture
def hubspot() -> Iterator[Running]:
    """A simulator of its own for one test."""
    with running() as simulator:
        yield simulator


def _once_it_answers(simulator: Running, process: "subprocess.Popen[bytes]") -> Running:
    latest = time.monotonic() + START_S
    while True:
        try:
            simulator.stats()
        except URLError:
            if process.poll() is not None or time.monotonic() > latest:
                raise
            time.sleep(PAUSE_S)
        else:
            return simulator


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
