"""A backlog of a million runs: it waits in Redis, and a worker does no more and holds no more than with a thousand.

All triggers are accepted before the worker starts, each on its own; then it drains them at HubSpot's limit, and what it
takes in some seconds is counted: commands that Redis does for each call to HubSpot, those within scripts included, and
memory. Whatever took up a backlog, or looked through it in rounds, would show in either.
"""

import time
from collections.abc import Iterator
from typing import Final

import msgspec

from bench.drain import LATENCY, PER_10S, TWO_ASSETS
from bench.installation import Installation, fill_until, installed, resident, until, valkey, worked
from bench.rows import Row

MANY: Final = 1_000_000
FEW: Final = 1_000

ROUNDS: Final = 5
SECONDS: Final = 10.0
"""Of a round: a hundred and ninety calls."""

IN_FLIGHT: Final = 100
WARM: Final = 5.0
"""Seconds: the first calls of an idle portal leave together."""

MOST: Final = 1.2
MEGABYTE: Final = 1_000_000


class Taken(msgspec.Struct, frozen=True):
    """What a round took.

    Attributes:
        commands: of Redis, for each call to HubSpot.
        work: seconds of a core, of the worker and of Redis together, for each call.
        memory: of the worker in the end, bytes.

    """

    commands: float
    work: float
    memory: int


def rows() -> Iterator[Row | str]:
    """Measure."""
    yield from compared(MANY, ROUNDS, SECONDS)


def compared(many: int, rounds: int, seconds: float) -> Iterator[Row | str]:
    """*many* waiting runs against `FEW`, in rounds of so many seconds."""
    taken = {}
    for runs in (FEW, many):
        with installed() as installation:
            taken[runs] = _rounds(installation, runs, rounds, seconds)
            left, held = installation.in_line(), installation.memory()
        last = taken[runs][-1]
        yield (
            f"{runs:,} waiting: {last.commands:.1f} commands of Redis and {last.work * 1000:.2f} ms of a core for each "
            f"call, {last.memory / MEGABYTE:.1f} MB in the worker; {left:,} left, {held / 2**20:,.0f} MiB in Redis"
        )
    for name in ("commands", "memory"):
        ratios = tuple(
            getattr(one, name) / getattr(other, name) for one, other in zip(taken[many], taken[FEW], strict=True)
        )
        what = {"commands": "commands of Redis for each call", "memory": "the worker's memory"}[name]
        yield Row(f"{what}, {many:,} waiting runs / {FEW:,}", ratios, most=MOST)


def _rounds(installation: Installation, runs: int, rounds: int, seconds: float) -> list[Taken]:
    installation.programs.end("campaigns")
    installation.hubspot.plan({"do": "delay", "delay_ms": LATENCY})
    installation.hubspot.limit(per_10s=PER_10S)
    fill_until(installation, TWO_ASSETS, runs)
    installation.programs.start("campaigns")
    until(lambda: installation.in_flight() >= IN_FLIGHT, f"{IN_FLIGHT} runs are in flight")
    time.sleep(WARM)
    return [_taken(installation, seconds) for _ in range(rounds)]


def _taken(installation: Installation, seconds: float) -> Taken:
    pids = (installation.programs.pid("campaigns"), valkey(installation.trial.folder))
    before = (installation.commands(), sum(map(worked, pids)), installation.hubspot.stats()["requests"])
    time.sleep(seconds)
    after = (installation.commands(), sum(map(worked, pids)), installation.hubspot.stats()["requests"])
    commands, work, calls = (now - then for now, then in zip(after, before, strict=True))
    return Taken(commands / calls, work / calls, resident(pids[0]))
