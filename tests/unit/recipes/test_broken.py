"""Broken recipes: for each, exactly what its author is told (the text beside it)."""

from pathlib import Path

import pytest

from campaigns.recipes import examine

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.toml"))


def told(path: Path) -> str:
    """What `fanfare recipes check` says of the file."""
    reading = examine({path.name: path.read_text()}, portals=("acme", "acme-test"))
    return "".join(f"{mistake}\n" for mistake in reading.mistakes)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_its_author_is_told_where_it_is_wrong_and_what_to_do(path: Path) -> None:
    assert told(path) == path.with_suffix(".txt").read_text()


def test_there_are_more_than_ten_of_them_and_none_can_be_used() -> None:
    usable = [path.name for path in BROKEN if examine({path.name: path.read_text()}, portals=("acme",)).usable]
    assert usable == []
    assert len(BROKEN) >= 10
