"""What is kept of the bench: the files of `bench/results/`, and the table of the README, which is made of them.

`python -m bench.headline` writes the table, and the texts and pictures, from what was saved; it measures nothing.
"""

from pathlib import Path
from typing import Final

import msgspec

from bench import results
from bench.results import Report

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "bench" / "results"
README: Final = ROOT / "README.md"

ORDER: Final = ("bench", "drain", "stored", "waiting", "portals", "peers", "carried")
"""Of what was saved; the rows of the README are in this order."""

BEGINS: Final = "<!-- begins what `python -m bench.headline` writes -->\n"
ENDS: Final = "<!-- ends -->\n"


def save(report: Report) -> None:
    """Keep *report*, in place of what was kept under its name."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{report.name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def saved() -> list[Report]:
    """What is kept."""
    paths = [RESULTS / f"{name}.json" for name in ORDER]
    return [msgspec.json.decode(path.read_bytes(), type=Report) for path in paths if path.exists()]


def write() -> None:
    """Write the texts, the pictures and the README's table from what is kept."""
    reports = saved()
    for report in reports:
        (RESULTS / f"{report.name}.txt").write_text(results.text(report))
        (RESULTS / f"{report.name}.svg").write_text(results.picture(report))
    README.write_text(with_table(README.read_text(), reports))


def with_table(readme: str, reports: list[Report]) -> str:
    """*readme* with the table of *reports* between the two lines that mark its place.

    Raises:
        ValueError: it has no such place.

    """
    before, begins, rest = readme.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not (begins and ends):
        raise ValueError("there is no place for the table")
    return before + begins + results.table(reports) + ends + after


if __name__ == "__main__":
    write()
