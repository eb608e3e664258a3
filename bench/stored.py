"""What a trigger costs where a million runs are stored, against where a thousand are.

The cost of a trigger is the time to accept it (64 connections, each trigger on its own) and the time in which a worker
process ends its run, a no-op (see `bench.noop`): by the wall, and in seconds of a core that service, worker and Valkey
use, which a machine that is busy with other things lengthens less. Two installations are measured in turn: one with a
million runs, a fifth of them ended and the others held until next year; one that begins each round with a thousand.
"""

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError

from bench import noop
from bench.installation import WAY, Installation, fill_until, installed, until, valkey
from bench.load import BODY
from bench.rows import Row
from campaigns import embedded

MANY: Final = 1_000_000
FEW: Final = 1_000
ENDED: Final = 5
"""One in so many stored runs has ended."""

ROUNDS: Final = 9
"""By the wall a round differs a lot from the next: Valkey waits for the disk, which others use, too."""

SECONDS: Final = 2.0
MOST: Final = 1.2

LONGEST_REWRITE: Final = 600.0


def rows() -> Iterator[Row | str]:
    """Fill and measure."""
    with installed() as many, installed() as few:
        for installation in (many, few):
            installation.programs.end("campaigns")
        fill(many, MANY)
        yield f"{many.ended():,} ended, {many.held():,} held, {many.memory() / 2**20:,.0f} MiB"
        what = f"cost per trigger, {MANY:,} stored runs / {FEW:,}"
        by_the_wall = tuple(_ratio(many, noop.by_the_wall, few, noop.by_the_wall) for _ in range(ROUNDS))
        yield Row(what, by_the_wall, most=MOST)
        by_work = tuple(_ratio(many, many.by_work, few, few.by_work) for _ in range(ROUNDS))
        yield Row(f"{what}, in seconds of a core", by_work, most=MOST)
        what, size = f"{many.stored():,} runs", many.redis.info("persistence")["aof_current_size"]
        yield f"Valkey began anew with {what}, {size / 2**20:,.0f} MiB on disk, in {_begun_anew(many):.1f} s"


def fill(installation: Installation, runs: int) -> None:
    """Store so many runs: some ended, the others held."""
    installation.forget()
    installation.programs.start("campaigns")
    fill_until(installation, noop.BODY, runs // ENDED)
    until(lambda: not installation.in_line(), "the worker has ended them all", within=3_600)
    installation.programs.end("campaigns")
    fill_until(installation, held(), runs)


def held() -> str:
    """The body of a trigger that is held until next year."""
    next_year = datetime.now(UTC) + timedelta(days=365)
    return BODY.replace('"portal": "acme"', f'"portal": "acme", "notbefore": "{next_year.isoformat()}"')


def _ratio(many: Installation, clock_of_many: noop.Clock, few: Installation, clock_of_few: noop.Clock) -> float:
    # Rewriting the file of a gigabyte takes a core while it lasts; it comes at any size, only less often.
    until(lambda: not _rewrites(many), "the file is rewritten", within=LONGEST_REWRITE)
    few.forget()
    few.send(held(), FEW)
    return _cost(many, clock_of_many) / _cost(few, clock_of_few)


def _rewrites(installation: Installation) -> bool:
    return bool(installation.redis.info("persistence")["aof_rewrite_in_progress"])


def _cost(installation: Installation, clock: noop.Clock) -> float:
    """Seconds of *clock* for one trigger."""
    look = clock(installation.programs.pid("service"))
    before = look()
    accepted = installation.load(noop.BODY, SECONDS)
    return (look() - before) / accepted.accepted + 1 / noop.work_off(installation, clock)


def _begun_anew(installation: Installation) -> float:
    """Seconds that Valkey takes to read its file when it is started."""
    for name in WAY:
        if installation.programs.runs(name):
            installation.programs.end(name)
    pid = valkey(installation.trial.folder)
    os.kill(pid, signal.SIGTERM)
    until(lambda: not Path(f"/proc/{pid}").exists(), "Valkey has ended")
    began = time.monotonic()
    embedded.ensure(installation.trial.folder)
    until(lambda: _answers(installation), "Valkey has read its file", within=LONGEST_REWRITE)
    return time.monotonic() - began


def _answers(installation: Installation) -> bool:
    try:
        return bool(installation.redis.ping())
    except (BusyLoadingError, RedisConnectionError):
        return False
