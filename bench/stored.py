"""What a trigger costs where a million runs are stored, against where a thousand are.

The cost of a trigger is the time to accept it (64 connections, each trigger on its own) and the time in which a worker
process ends its run, a no-op (see `bench.noop`). Two installations are measured in turn: one with a million runs, a
fifth of them ended and the others held until next year; one that begins each round with a thousand.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from bench import noop
from bench.installation import Installation, installed, until
from bench.load import BODY
from bench.rows import Row

MANY: Final = 1_000_000
FEW: Final = 1_000
ENDED: Final = 5
"""One in so many stored runs has ended."""

ROUNDS: Final = 5
SECONDS: Final = 2.0
AT_ONCE: Final = 10.0
"""Seconds of filling between two looks at how much is there."""

MOST: Final = 1.2

LONGEST_REWRITE: Final = 600.0


def rows() -> Iterator[Row]:
    """Fill and measure."""
    with installed() as many, installed() as few:
        for installation in (many, few):
            installation.programs.end("campaigns")
        fill(many, MANY)
        print(f"  stored: {many.ended():,} ended, {many.held():,} held, {many.memory() / 2**20:,.0f} MiB", flush=True)
        ratios = tuple(_cost_of_many(many) / _cost_of_few(few) for _ in range(ROUNDS))
    yield Row(f"cost per trigger, {MANY:,} stored runs / {FEW:,}", ratios, most=MOST)


def fill(installation: Installation, runs: int) -> None:
    """Store so many runs, about: some ended, the others held."""
    installation.forget()
    installation.programs.start("campaigns")
    _load_until(installation, noop.BODY, runs // ENDED)
    until(lambda: not installation.in_line(), "the worker has ended them all", within=3_600)
    installation.programs.end("campaigns")
    _load_until(installation, _held(), runs)


def _load_until(installation: Installation, body: str, runs: int) -> None:
    stored = 0
    while stored < runs:
        seconds = AT_ONCE if runs - stored > 20 * FEW else 1.0
        installation.load(body, seconds)
        stored = installation.ended() + installation.in_line() + installation.held()


def _held() -> str:
    next_year = datetime.now(UTC) + timedelta(days=365)
    return BODY.replace('"portal": "acme"', f'"portal": "acme", "notbefore": "{next_year.isoformat()}"')


def _cost_of_few(installation: Installation) -> float:
    installation.forget()
    installation.send(_held(), FEW)
    return _cost(installation)


def _cost_of_many(installation: Installation) -> float:
    # Rewriting the file of a gigabyte takes a core while it lasts; it comes at any size, only less often.
    until(lambda: not _rewrites(installation), "the file is rewritten", within=LONGEST_REWRITE)
    return _cost(installation)


def _rewrites(installation: Installation) -> bool:
    return bool(installation.redis.info("persistence")["aof_rewrite_in_progress"])


def _cost(installation: Installation) -> float:
    """Seconds of one trigger."""
    accepted = installation.load(noop.BODY, SECONDS)
    return 1 / accepted.rate + 1 / noop.work_off(installation)
