"""Reading recipes: whatever stands in a file, its author is told about lines that are there."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from campaigns.recipes import examine
from campaigns.recipes.positions import Path, lines

TOML = '''\
# one
title = "x"

[[recipes]]
on = "a.b"
assets = [ { type = "FORM", id = "1" }, # two, "three"
  { type = 'CALL', id = "2" }
]

[recipes.properties]
hs_name = """
first
second = [x]"""
"quoted key".inner = 2026-01-01 09:00:00

[[recipes]]
on = [
  "c.d",
  "e.f",
]
'''


def test_every_value_is_found_on_its_line() -> None:
    found = lines(TOML)
    assert {path: found[path] for path in paths(tomllib.loads(TOML))} == {
        ("title",): 2,
        ("recipes",): 4,
        ("recipes", 0): 4,
        ("recipes", 0, "on"): 5,
        ("recipes", 0, "assets"): 6,
        ("recipes", 0, "assets", 0): 6,
        ("recipes", 0, "assets", 0, "type"): 6,
        ("recipes", 0, "assets", 0, "id"): 6,
        ("recipes", 0, "assets", 1): 7,
        ("recipes", 0, "assets", 1, "type"): 7,
        ("recipes", 0, "assets", 1, "id"): 7,
        ("recipes", 0, "properties"): 10,
        ("recipes", 0, "properties", "hs_name"): 11,
        ("recipes", 0, "properties", "quoted key"): 14,
        ("recipes", 0, "properties", "quoted key", "inner"): 14,
        ("recipes", 1): 16,
        ("recipes", 1, "on"): 17,
        ("recipes", 1, "on", 0): 18,
        ("recipes", 1, "on", 1): 19,
    }


def paths(value: Any, path: Path = ()) -> list[Path]:  # noqa: ANN401 - any TOML
    """The path of everything inside *value*."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [one for key, part in inner for one in ((*path, key), *paths(part, (*path, key)))]


pieces = st.sampled_from(
    [
        "[[recipes]]\n",
        'on = "a.b"\n',
        "on = [\"a.*\", 'b']\n",
        'portal = "acme"\n',
        "[recipes.properties]\n",
        'hs_name = "x {{ data.y }}"\n',
        'hs_notes = """\nfoo\n{{ bar }"""\n',
        "[[recipes.assets]]\n",
        'type = "FORM"\n',
        'assets = [ {type="FORM", id="1"}, # c\n {type=\'X\'} ]\n',
        'budget = [{name="a",amount=nan}]\n',
        'when = "data.x > 1"\n',
        "x = 2026-01-01 00:00:00\n",
        "a.b.c = {d=[1,[2,{e=3}]]}\n",
        '# comment "quote\n',
        "archive = true\n",
        'do = "zap"\n',
        "lit = '''\n' x'''\n",
    ]
)


@given(st.lists(pieces, max_size=14).map("".join) | st.text(alphabet="[]{}=\"'\n#,. ab1\\-", max_size=60))
def test_whatever_stands_in_a_file_is_read_without_fault_and_mistakes_are_on_lines_that_there_are(text: str) -> None:
    last = text.count("\n") + 1
    for mistake in examine({"recipes.toml": text}).mistakes:
        assert 1 <= mistake.line <= last
        assert str(mistake).startswith(f"recipes.toml:{mistake.line}: ")


@given(st.lists(pieces, max_size=14).map("".join))
def test_every_value_of_a_file_has_a_line(text: str) -> None:
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(paths(told)) <= lines(text).keys()
