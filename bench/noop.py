"""How many runs of one no-op step one worker process ends in a second, against no-op jobs of RQ's own workers.

**A no-op step** is one that does everything a step does but call HubSpot, as RQ's no-op job does everything a job does
but its work. Ours archives the campaign of a subject that has none: there is nothing to ask of HubSpot, so the run is
claimed, its step is saved as done in a script call that compares the lease, and it is finished with its history, like
any other. Nothing is replaced: service, worker and Valkey (fsync always) are those that `fanfare up` starts.

Ours were accepted over HTTP one by one, each with a key and a subject of its own; RQ's jobs are enqueued all at once.
Both wait in the same Valkey while no worker runs. Then one worker process is started, and the clock runs from the
moment when the first of them has ended, so that starting is not counted, until the last has. RQ's `Worker` and
`SimpleWorker` are those of its command line, without logging.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx
import msgspec
from rq import Queue

from bench.installation import LONGEST_WAIT, LOOK_EACH, Installation, installed
from bench.rows import Row
from campaigns.embedded import SOCKET

ROUNDS: Final = 5
RUNS: Final = 3_000
"""Some two seconds of work."""

READ: Final = 200
"""So many of a round's runs are read over HTTP afterwards."""

QUEUE: Final = "noop"
JOBS: Final = {"Worker": 80, "SimpleWorker": 500}
"""Some two seconds each."""

LEAST: Final = {"Worker": 25.0, "SimpleWorker": 5.0}

BODY: Final = '{"type":"bench.nothing","source":"urn:bench","id":"@","subject":"sku-@","data":{"name":"Nothing @"}}'


Clock = Callable[[int], Callable[[], float]]
"""Makes, for a worker's process, what tells the seconds by which it is measured."""


def by_the_wall(_pid: int) -> Callable[[], float]:
    """The seconds that everybody counts."""
    return time.monotonic


def rows() -> Iterator[Row]:
    """Measure, telling what is measured on the way."""
    with installed() as installation:
        yield from compare(installation, ROUNDS)


def compare(installation: Installation, rounds: int) -> Iterator[Row]:
    """The rows of so many rounds."""
    installation.programs.end("campaigns")
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in JOBS}
    unread = 0
    for _ in range(rounds):
        rate, missing = run_ours(installation)
        ours.append(rate)
        unread += missing
        for name, seen in theirs.items():
            seen.append(run_rq(installation, name, JOBS[name]))
    for name, seen in {"ours": ours, **theirs}.items():
        print(f"  no-op, {name}: {sorted(seen)[len(seen) // 2]:,.0f} a second ({min(seen):,.0f} .. {max(seen):,.0f})")
    void = f"{unread} runs that have ended are not done when they are read" if unread else None
    for name, seen in theirs.items():
        ratios = tuple(mine / other for mine, other in zip(ours, seen, strict=True))
        yield Row(f"no-op runs of one process, ours / RQ's {name}", ratios, least=LEAST[name], void=void)


def run_ours(installation: Installation) -> tuple[float, int]:
    """Runs that a worker process ends in a second, and how many of them cannot be read as done afterwards."""
    installation.forget()
    installation.send(BODY, RUNS)
    return work_off(installation), _not_done(installation)


def work_off(installation: Installation, clock: Clock = by_the_wall) -> float:
    """Let a worker end all runs in the line: how many in a second of *clock*."""
    before, runs = installation.ended(), installation.in_line()
    installation.programs.start("campaigns")
    try:
        return _rate(lambda: installation.ended() - before, runs, clock(installation.programs.pid("campaigns")))
    finally:
        installation.programs.end("campaigns")


def _not_done(installation: Installation) -> int:
    with httpx.Client(base_url=installation.url, headers=installation.headers, trust_env=False) as http:
        listed = http.get("/v1/runs", params={"limit": READ}).raise_for_status().json()["runs"]
        read = [http.get(f"/v1/runs/{run['id']}") for run in listed]
    done = len([answer for answer in read if answer.is_success and answer.json()["status"] == "done"])
    return max(len(read), 1) - done


def run_rq(installation: Installation, worker: str, jobs: int, clock: Clock = by_the_wall) -> float:
    """Jobs that one worker process of RQ ends in a second of *clock*."""
    installation.forget()
    queue = Queue(QUEUE, connection=installation.redis)
    queue.enqueue_many([Queue.prepare_data("bench.nothing.nothing") for _ in range(jobs)])
    finished = queue.finished_job_registry.key
    with _rq_worker(installation, worker) as pid:
        return _rate(lambda: installation.redis.zcard(finished), jobs, clock(pid))


@contextmanager
def _rq_worker(installation: Installation, worker: str) -> Iterator[int]:
    """Its process.

    Source of the command: https://python-rq.org/docs/workers/
    """
    url = f"unix://{installation.trial.folder.resolve() / SOCKET}"
    options = ("--url", url, "--worker-class", f"rq.worker.{worker}", "--quiet")
    process = subprocess.Popen(
        [sys.executable, "-m", "rq.cli", "worker", *options, QUEUE],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.kill()  # all its jobs have ended, and an idle one takes its time to obey
        process.wait(timeout=30)


class _Look(msgspec.Struct, frozen=True):
    at: float
    ended: int


def _rate(ended: Callable[[], int], of: int, clock: Callable[[], float]) -> float:
    """How many end in a second of *clock*, from the first look that finds some until all have."""
    first: _Look | None = None
    latest = time.monotonic() + LONGEST_WAIT
    while (look := _Look(clock(), ended())).ended < of:
        if time.monotonic() > latest:
            raise TimeoutError(f"{look.ended} of {of} have ended within {LONGEST_WAIT:.0f} s")
        if first is None and look.ended:
            first = look
        time.sleep(LOOK_EACH)
    if first is None:
        raise ValueError(f"{of} had ended before anybody looked: too few to measure")
    return (of - first.ended) / (look.at - first.at)
