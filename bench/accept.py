"""The accept path: how much of a bare application's rate is left once each trigger is durable, and against a plain one.

Each round measures the three one after the other on an empty embedded Valkey (fsync always), so that a machine that is
busy for a while is busy for all of them. Afterwards the runs in Redis are counted against the 202s. What each answer
costs in work of a core is printed too: a machine that is busy with other things changes that least.
"""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from redis import Redis

from bench.installation import valkey, worked
from bench.load import CONNECTIONS, KEY, Loaded, exact, load
from bench.rows import Row
from campaigns import embedded

ROUNDS: Final = 5
SECONDS: Final = 4.0
WARM: Final = 1.0
"""Seconds before each measure: Lua is loaded, pools are full."""

CEILING: Final = 1.5
"""What the load must reach, of the bare application's rate, for the rows to say anything."""

SETTINGS: Final = f"""
installation = "bench"
[portals.acme]
base_url = "http://127.0.0.1:8900"
token = {{ env = "HUBSPOT_TOKEN" }}
[callers.bench]
keys = ["sha256:{hashlib.sha256(KEY.encode()).hexdigest()}"]
portals = ["acme"]
"""

COMMANDS: Final = {
    "ours": ("service", "--port"),
    "bare": ("bench.apps", "bare"),
    "first": ("bench.apps", "first"),
    "null": ("bench.apps", "null"),
}


class Measured(msgspec.Struct, frozen=True):
    """What an application came to.

    Attributes:
        warm: the load of warming up.
        loaded: the one that counts.
        work: seconds of a core that the application has used for each answer of it.
        stored: likewise Valkey.

    """

    warm: Loaded
    loaded: Loaded
    work: float
    stored: float


def rows() -> Iterator[Row]:
    """Measure, telling what is measured on the way."""
    with prepared() as (folder, environment), Redis.from_url(environment["FANFARE_REDIS_URL"]) as redis:
        yield from _rows(redis, folder, environment)


@contextmanager
def prepared() -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with settings and a Valkey that runs, and the environment of the programs that use them."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "fanfare.toml").write_text(SETTINGS)
        url = embedded.ensure(folder)
        environment = {
            "FANFARE_CONFIG": str(folder / "fanfare.toml"),
            "FANFARE_REDIS_URL": url,
            "HUBSPOT_TOKEN": "pat-test",
        }
        try:
            yield folder, environment
        finally:
            embedded.stop(folder)


def _rows(redis: Redis, folder: Path, environment: dict[str, str]) -> Iterator[Row]:
    alone = _measure("null", folder, environment, 0).loaded.rate
    found: dict[str, list[Measured]] = {"ours": [], "bare": [], "first": []}
    lost = 0
    for number in range(ROUNDS):
        for name, seen in found.items():
            redis.flushall()
            one = _measure(name, folder, environment, number)
            seen.append(one)
            lost += one.warm.refused + one.loaded.refused
            if name == "ours":
                lost += _lost(redis, one.warm.accepted + one.loaded.accepted)
    rates = {name: [one.loaded.rate for one in seen] for name, seen in found.items()}
    for name, seen in found.items():
        print(f"  accept, {name}: {_told(rates[name])}; {_work(seen)}")
    print(f"  accept, the load alone: {alone:,.0f} a second")
    void = None
    if alone < CEILING * median(rates["bare"]):
        void = "the load is too slow"
    elif lost:
        void = f"{lost} triggers were refused, or are not in Redis as often as they got a 202"
    for name, least in (("bare", 0.5), ("first", 6.0)):
        ratios = tuple(ours / other for ours, other in zip(rates["ours"], rates[name], strict=True))
        yield Row(f"accept, ours / {name}", ratios, least=least, void=void)


def _told(rates: list[float]) -> str:
    return f"{median(rates):,.0f} a second ({min(rates):,.0f} .. {max(rates):,.0f})"


def _work(seen: list[Measured]) -> str:
    own, stored = (median(getattr(one, whose) for one in seen) * 1e6 for whose in ("work", "stored"))
    return f"{own:.0f} us of a core for each answer, and {stored:.0f} of Valkey's"


def _measure(name: str, folder: Path, environment: dict[str, str], number: int) -> Measured:
    """Load the application *name*, in a process of its own."""
    with serving(name, environment) as (port, pid):
        warm = load(port, WARM, f"w{number}")
        own, stored = worked(pid), worked(valkey(folder))
        loaded = load(port, SECONDS, f"r{number}")
        return Measured(
            warm, loaded, (worked(pid) - own) / loaded.answers, (worked(valkey(folder)) - stored) / loaded.answers
        )


def _lost(redis: Redis, accepted: int) -> int:
    """How far the runs in Redis are from the 202s; a load that is not exact leaves some runs whose 202 nobody read."""
    runs = sum(1 for _ in redis.scan_iter("fanfare:run:*", count=10_000))
    unread = 0 if exact() else 2 * CONNECTIONS
    return max(accepted - runs, runs - accepted - unread, 0)


@contextmanager
def serving(name: str, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """The port on which the application *name* answers, and its process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
    command = [sys.executable, "-m", *COMMANDS[name], str(port)]
    process = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")
