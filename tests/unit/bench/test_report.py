from xml.etree import ElementTree as ET

from bench.report import BARS, GOOD, SHORT, Circumstances, Report, picture, table, text
from bench.rows import Row

WHERE = Circumstances(cores=2, memory=8 * 2**30, load=0.1, date="2026-11-21", versions={"rq": "3.0.0"})
ROWS = (Row("fast & cheap", (2.0, 3.0, 1.0), least=1), Row("small", (9.0,), most=3, unit="MB", void="nothing ran"))


def report(rows: tuple[Row, ...], *told: str) -> Report:
    return Report("bench", "make bench", WHERE, told, rows)


def bars(rows: tuple[Row, ...]) -> list[tuple[int, str]]:
    """The width and the colour of each row's bar."""
    root = ET.fromstring(picture(report(rows)))  # noqa: S314 - our own text
    found = [one for one in root.iter("{http://www.w3.org/2000/svg}rect") if one.get("x")]
    return [(int(one.attrib["width"]), one.attrib["fill"]) for one in found]


def test_the_text_has_every_row_and_where_it_was_measured() -> None:
    told = text(report(ROWS, "something else that was seen"))
    assert "\nsomething else that was seen\n" in told
    assert all(str(row) in told for row in ROWS)
    assert "2026-11-21, load 0.1 at the beginning; 2 cores, 8 GiB; rq 3.0.0" in told
    assert told.endswith("2 rows, 1 of them short\n")


def test_the_picture_has_a_bar_for_each_row_in_the_colour_of_its_end() -> None:
    assert [colour for _, colour in bars(ROWS)] == [GOOD, SHORT]


def test_a_bar_is_longer_the_more_is_reached_and_never_leaves_the_picture() -> None:
    rows = tuple(Row("rate", (value,), least=1) for value in (0.0001, 0.5, 1.0, 2.0, 1e9))
    widths = [width for width, _ in bars(rows)]
    assert widths == sorted(set(widths))
    assert widths[0] == 0
    assert widths[-1] == BARS[1] - BARS[0]


def test_the_words_of_the_picture_are_escaped() -> None:
    told = picture(report(ROWS))
    assert "fast &amp; cheap" in told


def test_the_table_has_what_each_row_must_reach_what_it_reached_and_the_command_that_repeats_it() -> None:
    told = table([report(ROWS)])
    assert "| fast & cheap | at least 1 | 2.00 (1.00 .. 3.00) | ok | `make bench` |" in told
    assert "| small | at most 3 MB | 9.00 (9.00 .. 9.00) MB, void | falls short | `make bench` |" in told
    assert "- 2 cores, 8 GiB; rq 3.0.0: `make bench` on 2026-11-21, load 0.1 at the beginning" in told
