"""What a bench came to, as `bench/results/` keeps it: to be read by programs, as text, and as a picture. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log2
from typing import Final

import msgspec

from bench.rows import Row

WIDTH: Final = 960
LINE: Final = 34
TOP: Final = 64
BARS: Final = (600, 920)
"""Where the bars begin and end; left of them are the words."""

SCALE: Final = (0.125, 8.0)
"""What the ends of the bars stand for, as shares of what must be reached; the scale is logarithmic."""

GOOD: Final = "#2f855a"
SHORT: Final = "#c05621"
INK: Final = "#1a202c"
PALE: Final = "#718096"


class Circumstances(msgspec.Struct, frozen=True):
    """Where and when the bench ran.

    Attributes:
        cores: of the machine.
        memory: of the machine, bytes.
        load: processes that wanted a core when it began (the load average of a minute).
        date: the day, as ISO 8601 writes it.
        versions: of what was measured and of what it runs on.

    """

    cores: int
    memory: int
    load: float
    date: str
    versions: Mapping[str, str]

    @property
    def when(self) -> str:
        """The day, and what else the machine did."""
        return f"{self.date}, load {self.load:.1f} at the beginning"

    @property
    def machine(self) -> str:
        """What it ran on."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{self.cores} cores, {self.memory / 2**30:.0f} GiB; {versions}"

    def __str__(self) -> str:
        """The circumstances in one line."""
        return f"{self.when}; {self.machine}"


class Report(msgspec.Struct, frozen=True):
    """What one bench came to.

    Attributes:
        name: of the files in which it is kept.
        title: the command that repeats it.
        told: what it told besides its rows, as lines.

    """

    name: str
    title: str
    where: Circumstances
    told: tuple[str, ...]
    rows: tuple[Row, ...]


def text(report: Report) -> str:
    """What was told and the rows as they are printed, with their circumstances."""
    rows = report.rows
    short = sum(not row.ok for row in rows)
    many = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    summary = f"{many}, {short} of them short" if short else f"{many}, all ok"
    told = (*report.told, "") if report.told else ()
    measured = ("median (least .. most of the rounds)", "", *map(str, rows), "", summary) if rows else ()
    return "\n".join((report.title, str(report.where), "", *told, *measured)).rstrip() + "\n"


def table(reports: Sequence[Report]) -> str:
    """The rows of all *reports* as Markdown, and below them where and when each was measured."""
    head = "| what | must reach | median (least .. most) | | measured by |\n| --- | --- | --- | --- | --- |"
    lines = [
        f"| {row.what} | {row.bound} | {row.value}{', void' if row.void else ''} | {row.verdict} | `{report.title}` |"
        for report in reports
        for row in report.rows
    ]
    machines = dict.fromkeys(report.where.machine for report in reports)
    wheres = [f"- {machine}: {_whens(reports, machine)}" for machine in machines]
    return "\n".join((head, *lines, "", *wheres)) + "\n"


def _whens(reports: Sequence[Report], machine: str) -> str:
    told = (report for report in reports if report.rows and report.where.machine == machine)
    return "; ".join(f"`{report.title}` on {report.where.when}" for report in told)


def texts(reports: Sequence[Report]) -> str:
    """The texts of *reports* as Markdown, as they are."""
    return "\n".join(f"```\n{text(report)}```\n" for report in reports if report.told)


def picture(report: Report) -> str:
    """The rows as SVG: a bar that passes the line has reached what it must; the whisker spans the rounds."""
    rows = report.rows
    height = TOP + LINE * len(rows) + 40
    left, right = BARS
    line = _x(1.0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        _words(20, 26, report.title, INK, 16),
        _words(20, 44, str(report.where), PALE, 10),
        *(part for number, row in enumerate(rows) for part in _bar(TOP + LINE * number, row)),
        f'<line x1="{line}" y1="{TOP - 6}" x2="{line}" y2="{height - 34}" stroke="{INK}" stroke-dasharray="3 3"/>',
        _words(left, height - 14, f"1/{1 / SCALE[0]:.0f} of it", PALE, 10),
        _words(line, height - 14, "what it must reach", INK, 10, "middle"),
        _words(right, height - 14, f"{SCALE[1]:.0f} times better", PALE, 10, "end"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bar(top: int, row: Row) -> tuple[str, ...]:
    colour = GOOD if row.ok else SHORT
    left, _ = BARS
    shares = sorted(msgspec.structs.replace(row, rounds=(one,)).share for one in row.rounds)
    least, most = _x(shares[0]), _x(shares[-1])
    return (
        _words(20, top + 12, row.what, INK, 13),
        _words(20, top + 26, f"{row.value}, {row.bound}{', void' if row.void else ''}", colour, 11),
        f'<rect x="{left}" y="{top + 4}" width="{_x(row.share) - left}" height="16" fill="{colour}"/>',
        f'<line x1="{least}" y1="{top + 12}" x2="{most}" y2="{top + 12}" stroke="{INK}" stroke-width="2"/>',
    )


def _x(share: float) -> int:
    """Where that share of what must be reached is; what is off the scale is at its end."""
    low, high = SCALE
    left, right = BARS
    within = min(max(share, low), high)
    return round(left + (right - left) * log2(within / low) / log2(high / low))


def _words(x: int, y: int, words: str, colour: str, size: int, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'
