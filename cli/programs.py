"""The programs of a trial installation, each a process of its own: started, watched, and ended in order."""

import fcntl
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, get_args

import httpx

from campaigns import embedded
from cli.trial import Trial

LONGEST_START: Final = 20.0
LONGEST_STOP: Final = 30.0
"""Seconds: what Kubernetes gives a pod by default."""


Name = Literal["simulator", "service", "campaigns", "callbacks"]
NAMES: Final[tuple[Name, ...]] = get_args(Name)


class Trouble(Exception):
    """A program cannot start, did not, or ended by itself."""


class Programs:
    """Simulator, service and workers. Entering starts them and waits until they are ready; leaving ends them."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._running: dict[Name, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as ending:
            ending.enter_context(_alone(self._trial.folder))
            self._check_ports()
            ending.callback(self._end)
            if "FANFARE_REDIS_URL" not in self._trial.environment:
                embedded.ensure(self._trial.folder)
            for name in NAMES:
                self.start(name)
            self.until_ready()
            self._ending = ending.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ending.close()

    def log(self, name: Name) -> Path:
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

    def runs(self, name: Name) -> bool:
        """Whether the program was started and not ended by us."""
        return name in self._running

    def pid(self, name: Name) -> int:
        """The process of a program that runs."""
        return self._running[name].pid

    def start(self, name: Name) -> None:
        """Start one program; its log goes on."""
        program, *arguments = self._command(name)
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", program, *arguments],
                env=self._environment(name),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone: we end them in order
            )

    def end(self, name: Name, number: signal.Signals = signal.SIGTERM) -> int:
        """End one program by a signal, SIGKILL if it does not obey in time; its exit code."""
        process = self._running.pop(name)
        process.send_signal(number)
        try:
            return process.wait(LONGEST_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def _command(self, name: Name) -> tuple[str, ...]:
        match name:
            case "simulator":
                return ("simulator", "--port", str(self._trial.ports.simulator))
            case "service":
                return ("service", "--port", str(self._trial.ports.service))
            case "campaigns" | "callbacks":
                return ("workers", name)

    def _check_ports(self) -> None:
        """Raise Trouble if anyone listens on a port of ours: our probes would be answered by another's program."""
        for name in NAMES:
            with socket.socket() as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                port = getattr(self._trial.ports, name)
                try:
                    one.bind(("127.0.0.1", port))
                except OSError as error:
                    raise Trouble(f"{name} has no port: {port} is taken") from error

    def _environment(self, name: Name) -> dict[str, str]:
        ports = {"campaigns": self._trial.ports.campaigns, "callbacks": self._trial.ports.callbacks}
        extra = {"FANFARE_HEALTH_PORT": str(ports[name])} if name in ports else {}
        return {**self._trial.environment, **extra}

    def until_ready(self) -> None:
        """Wait until all that run answer.

        Raises:
            Trouble: one has ended, or does not answer in time.

        """
        waiting = [self._probe(name) for name in self._running]
        until = time.monotonic() + LONGEST_START
        with httpx.Client(trust_env=False) as http:
            while waiting := [url for url in waiting if not _answers(http, url)]:
                self.check()
                if time.monotonic() > until:
                    raise Trouble(f"{waiting[0]} does not answer after {LONGEST_START:.0f} s")
                time.sleep(0.05)
        self.check()  # what answered may have been another's

    def _probe(self, name: Name) -> str:
        port = getattr(self._trial.ports, name)
        return f"http://127.0.0.1:{port}/" + ("_sim/stats" if name == "simulator" else "readyz")

    def _last_words(self, name: Name) -> str:
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


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds *folder*, at the longest until the process has ended: two in it would share its Valkey, and end it.

    Raises:
        Trouble: another holds it.

    """
    with (folder / "up.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Trouble(f"fanfare up already runs in this folder, {folder}") from error
        yield


def _answers(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(url, timeout=1.0).is_success
    except httpx.TransportError:
        return False
