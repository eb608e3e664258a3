"""What continuous integration watches: no commit may make a run much dearer than it was.

The work of a core for each trigger and each run is held against that of others, the calls to HubSpot against the least
that are possible, and the bytes in Redis against the most that are allowed.

Seconds by the wall tell nothing on a machine that is busy with other things. Seconds of a core that the processes in
question have used do, nearly: both sides of each ratio are a Python process and the Valkey that it works on. Calls and
bytes are the same each time, nearly. The values on record are in `bench/recorded.toml`; they change only in a commit
that says why.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from bench import accept, drain, noop
from bench.installation import Installation, installed, valkey, worked
from bench.load import send

RECORDED: Final = Path(__file__).with_name("recorded.toml")
ENOUGH: Final = 0.6
"""Of the value on record: below it is no noise any more."""

ROUNDS: Final = 3
WARM: Final = 500
TRIGGERS: Final = 3_000
RUNS: Final = 3_000
JOBS: Final = 300
DRAINED: Final = 200
"""Runs whose calls and bytes are counted."""


def recorded() -> dict[str, float]:
    """The values on record."""
    return tomllib.loads(RECORDED.read_text())


def shortfall(name: str, rounds: tuple[float, ...], on_record: float) -> str | None:
    """What is wrong with a ratio, if the best of its rounds is too low."""
    best = max(rounds)
    if best >= ENOUGH * on_record:
        return None
    return f"{name}: {best:.2f} at best, less than {ENOUGH:g} of the {on_record:.2f} on record"


def accepting() -> tuple[float, ...]:
    """The work of the bare application for a trigger / ours."""
    with accept.prepared() as (folder, environment):
        return tuple(
            _for_a_trigger("bare", folder, environment) / _for_a_trigger("ours", folder, environment)
            for _ in range(ROUNDS)
        )


def _for_a_trigger(name: str, folder: Path, environment: dict[str, str]) -> float:
    """Seconds of a core for each trigger; the keys of every service that was started are new."""
    with accept.serving(name, environment) as (port, pid):
        run = f"p{pid}"
        send(port, WARM, f"{run}w")
        before = worked(pid) + worked(valkey(folder))
        answered = send(port, TRIGGERS, f"{run}r")
        if answered.refused:
            raise ValueError(f"{name}: {answered.refused} triggers were refused")
        return (worked(pid) + worked(valkey(folder)) - before) / TRIGGERS


def calling() -> tuple[float, ...]:
    """The least possible number of calls to HubSpot / ours, for a backlog, without those for assets."""
    least = drain.least_calls(DRAINED) / DRAINED - drain.ASSETS
    return tuple(least / one.calls_each for one in _drained())


def storing() -> tuple[float, ...]:
    """The bytes of Redis that an ended run may take / those of ours."""
    return tuple(drain.MOST_BYTES / one.bytes_each for one in _drained())


@cache
def _drained() -> list[drain.Drained]:
    """The drains; in the first one Redis's tables grow."""
    with installed() as installation:
        installation.programs.end("campaigns")
        return [drain.drain_backlog(installation, DRAINED) for _ in range(ROUNDS)]


def running() -> tuple[float, ...]:
    """The work of RQ's `SimpleWorker` for a no-op job / ours for a no-op run."""
    with installed() as installation:
        installation.programs.end("campaigns")
        return tuple(_ours(installation) / _theirs(installation) for _ in range(ROUNDS))


def _ours(installation: Installation) -> float:
    installation.forget()
    installation.send(noop.BODY, RUNS)
    return noop.work_off(installation, installation.by_work)


def _theirs(installation: Installation) -> float:
    return noop.run_rq(installation, "SimpleWorker", JOBS, installation.by_work)
