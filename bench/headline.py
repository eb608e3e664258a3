"""What is kept of the bench: the files of `bench/results/`, and what the README and docs/scaling.md tell of them.

`python -m bench.headline` writes the pages, the texts and the pictures from what was saved; it measures nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.report import Report, picture, table, text, texts

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "bench" / "results"

ORDER: Final = ("bench", "drain", "stored", "waiting", "portals", "peers", "kills", "carried")
"""Of what was saved; the pages tell it in this order."""

PAGES: Final[Mapping[Path, Callable[[Sequence[Report]], str]]] = {
    ROOT / "README.md": table,
    ROOT / "docs" / "scaling.md": texts,
}
"""What each page tells of what was saved."""

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
    """Write all that is made of what is kept."""
    for path, content in written(saved()).items():
        path.write_text(content)


def written(reports: Sequence[Report]) -> dict[Path, str]:
    """Every file that is made of *reports*, as it should be."""
    printed = {RESULTS / f"{report.name}.txt": text(report) for report in reports}
    pictures = {RESULTS / f"{report.name}.svg": picture(report) for report in reports if report.rows}
    pages = {path: with_told(path.read_text(), tell(reports)) for path, tell in PAGES.items()}
    return printed | pictures | pages


def with_told(page: str, told: str) -> str:
    """*page* with what is *told* between the two lines that mark its place.

    Raises:
        ValueError: it has no such place.

    """
    before, begins, rest = page.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not (begins and ends):
        raise ValueError("there is no place for what is told")
    return before + begins + told + ends + after


if __name__ == "__main__":
    write()
