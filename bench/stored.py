"""What a trigger costs where a million runs are stored, against where a thousand are.

The cost of a trigger is the time to accept it (64 connections, each trigger on its own) and the time in which a worker
process ends its run, a no-op (see `bench.noop`): by the wall, and in seconds of a core that service, worker and Valkey
use, which a machine that is busy with other things lengthens less. Two installations are measured in turn: one with a
million runs, a fifth of them ended and the others held until next year; one that begins each round with a thousand.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from bench import noop
from bench.installation import Installation, fill_until, installed, until
from bench.load import BODY
from bench.rows import Row

MANY: Final = 1_000_000
FEW: Final = 1_000
ENDED: Final = 5
"""One in so many stored runs has ended."""

ROUNDS: Final = 5
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
