"""The programs of a trial installation, each a process of its own: started, watched, and ended in order."""

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from campaigns import embedded
from cli.trial import Trial

LONGEST_START: Final = 20.0
LONGEST_STOP: Final = 30.0
"""Seconds: what Kubernetes gives a pod by default."""


class Trouble(Exception):
    """A program did not start, or ended by itself."""


class Programs:
    """Simulator, service and workers. Entering starts them and waits until they are ready; leaving ends them."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        ports = self._trial.ports
        try:
            embedded.ensure(self._trial.folder)
            self._start("simulator", "simulator", "--port", str(ports.simulator))
            self._start("service", "service", "--port", str(ports.service))
            self._start("campaigns", "workers", "campaigns", health=ports.campaigns)
            self._start("callbacks", "workers", "callbacks", health=ports.callbacks)
            self._until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end()

    def log(self, name: str) -> Path:
        """Where the program *name* writes its log."""
        return self._trial.folder / f"{name}.log"

    def check(self) -> None:
        """Make sure that all run.

        Raises:
            Trouble: one has ended by itself.

        """
        for name, process in self._running.items():
            if process.poll() is not None:
                raise Trouble(f"{name} ended with {process.returncode}; see {self.log(name)}\n{self._last_words(name)}")

    def _start(self, name: str, program: str, *arguments: str, health: int | None = None) -> None:
        extra = {"FANFARE_HEALTH_PORT": str(health)} if health else {}
        with self.log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", program, *arguments],
                env={**self._trial.environment, **extra},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone: we end them in order
            )

    def _until_ready(self) -> None:
        ports = self._trial.ports
        urls = [f"http://127.0.0.1:{port}/readyz" for port in (ports.service, ports.campaigns, ports.callbacks)]
        waiting = [*urls, f"http://127.0.0.1:{ports.simulator}/_sim/stats"]
        until = time.monotonic() + LONGEST_START
        with httpx.Client(trust_env=False) as http:
            while waiting := [url for url in waiting if not _answers(http, url)]:
                self.check()
                if time.monotonic() > until:
                    raise Trouble(f"{waiting[0]} does not answer after {LONGEST_START:.0f} s")
                time.sleep(0.05)

    def _last_words(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-5:])

    def _end(self) -> None:
        for process in self._running.values():
            process.terminate()
        until = time.monotonic() + LONGEST_STOP
        for process in self._running.values():
            try:
                process.wait(max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        embedded.stop(self._trial.folder)


def _answers(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(url, timeout=1.0).is_success
    except httpx.TransportError:
        return False
