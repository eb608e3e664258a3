"""The same work done by us and by other queues, each in an environment of its own: `make bench-long ONLY=peers`.

The work: each trigger makes a campaign and attaches two assets, at the simulator with 150 ms and 190 calls in any ten
seconds, on a Valkey of its own that keeps what it confirms (append-only file, fsync always). Each peer is written as
its own documentation says (`with_*.py`, which link the pages); its triggers are enqueued by its own call, ours are
sent over HTTP. One worker process each, RQ's as many as are tried. The clock runs from before the first trigger until
HubSpot has everything. Of a peer the best of three settings counts; we have none to be set, and the median counts.

`ONLY=kills`: all of it again, while the worker is killed three times and a tenth of HubSpot's answers are lost. Then
duplicates and losses count, not the time.
"""

import os
import signal
import subprocess
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.drain import LATENCY, PER_10S, TWO_ASSETS
from bench.installation import Installation, installed, resident
from bench.peers.drained import KILLS, LONGEST, QUIET, Came, watch
from bench.peers.known import PEERS, Peer
from bench.peers.processes import ROOT, start, valkey, workers
from bench.rows import Row
from simulator.fixture import Running, running

HERE: Final = Path(__file__).parent
ENVIRONMENTS: Final = ROOT / ".peers"
"""Beside `.venv`, not in the repository."""

TRIGGERS: Final = 300
KILLED_TRIGGERS: Final = 150
TRIED: Final = (10, 50, 100)
"""How many jobs of a worker at once; the best counts."""

TRIED_PROCESSES: Final = (2, 4, 8)
"""How many processes, where each does one job at once."""

ROUNDS: Final = 3
"""Of ours."""


def rows() -> Iterator[Row | str]:
    """Measure every peer and ourselves without trouble."""
    yield f"{TRIGGERS} triggers, a campaign with two assets each, {LATENCY} ms a call, {PER_10S} calls in any 10 s:"
    best = {}
    for peer in PEERS:
        version = _set_up(peer)
        tried = TRIED_PROCESSES if peer.one_at_once else TRIED
        came = [_measure(peer, setting, TRIGGERS, kills=False) for setting in tried]
        best[peer.name] = min(came, key=lambda one: (one.lost, one.seconds))
        yield f"{peer.name} ({version}), best of {tried} at once: {best[peer.name]}"
    ours = [_ours(TRIGGERS, kills=False) for _ in range(ROUNDS)]
    for one in ours:
        yield f"Fanfare: {one}"
    yield from _compared(best, ours)


def killed() -> Iterator[Row | str]:
    """Measure every peer and ourselves with kills and lost answers."""
    yield f"{KILLED_TRIGGERS} triggers, the worker killed {KILLS} times, a tenth of HubSpot's answers lost;"
    yield f"what is missing after {QUIET:.0f} s without a call, or after {LONGEST:.0f} s, counts as lost:"
    for peer in PEERS:
        version = _set_up(peer)
        setting = (TRIED_PROCESSES if peer.one_at_once else TRIED)[1]
        yield f"{peer.name} ({version}): {_measure(peer, setting, KILLED_TRIGGERS, kills=True)}"
    ours = _ours(KILLED_TRIGGERS, kills=True)
    yield f"Fanfare: {ours}"
    wrong = ours.twice + ours.lost
    yield Row(f"{KILLED_TRIGGERS} triggers, {KILLS} kills, lost answers: campaigns twice or lost", (wrong,), most=0)


def _compared(theirs: dict[str, Came], ours: list[Came]) -> Iterator[Row]:
    for name, came in theirs.items():
        ratios = tuple(came.seconds / one.seconds for one in ours)
        void = f"{came.lost} were lost" if came.lost else None
        yield Row(f"campaigns a second, ours / the best of {name}", ratios, least=1.0, void=void)


def _set_up(peer: Peer) -> str:
    """Make the peer's environment if it is not there; what is in it."""
    folder = ENVIRONMENTS / peer.environment
    python = folder / "bin" / "python"
    if not (folder / ".ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        locked = HERE / "requirements" / f"{peer.environment}.txt"
        install = ("-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:", "-r", str(locked))
        subprocess.run([str(python), *install], check=True)
        (folder / ".ready").touch()
    ask = f"from importlib.metadata import version; print(version({peer.environment!r}))"
    return f"{peer.environment} {subprocess.check_output([str(python), '-c', ask], text=True).strip()}"


def _measure(peer: Peer, setting: int, triggers: int, *, kills: bool) -> Came:
    with valkey() as redis, running() as hubspot:
        _prepare(hubspot, kills=kills)
        told = {
            "BENCH_REDIS": redis,
            "BENCH_HUBSPOT": hubspot.url,
            "BENCH_CONCURRENCY": str(setting),
            "PYTHONPATH": str(ROOT),
        }
        folder = ENVIRONMENTS / peer.environment / "bin"
        command = [part.format(redis=redis, at_once=setting) for part in peer.worker]
        processes = setting if peer.one_at_once else 1

        def begin() -> list[subprocess.Popen[bytes]]:
            return [start([str(folder / command[0]), *command[1:]], told) for _ in range(processes)]

        with workers(begin) as begun:
            began = time.monotonic()
            enqueue = [str(folder / "python"), "-m", f"bench.peers.with_{peer.environment}", str(triggers)]
            subprocess.run(enqueue, env=os.environ | told, check=True, timeout=LONGEST, cwd=ROOT)
            kill = begun.again if kills else None
            return watch(hubspot, triggers, began, setting, kill, begun.memory)


def _ours(triggers: int, *, kills: bool) -> Came:
    with installed() as installation:
        _prepare(installation.hubspot, kills=kills)
        began = time.monotonic()
        installation.send(TWO_ASSETS, triggers)
        kill = (lambda: _kill_ours(installation)) if kills else None
        return watch(installation.hubspot, triggers, began, 100, kill, lambda: _memory_of_ours(installation))


def _kill_ours(installation: Installation) -> None:
    installation.programs.end("campaigns", signal.SIGKILL)
    installation.programs.start("campaigns")


def _memory_of_ours(installation: Installation) -> int:
    return resident(installation.programs.pid("campaigns"))


def _prepare(hubspot: Running, *, kills: bool) -> None:
    lost = ({"do": "cut_after", "share": 0.1},) if kills else ()
    hubspot.plan({"do": "delay", "delay_ms": LATENCY}, *lost)
    hubspot.limit(per_10s=PER_10S)
