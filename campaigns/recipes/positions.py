"""On which line of a TOML text each value stands; Python's reader does not tell. Pure.

The text has been read without error before, so that this need not find any.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

Path = tuple[str | int, ...]
"""Where a value stands in what was read: keys of tables and numbers in arrays, such as ("recipes", 0, "on")."""

TEXT: Final = -1
"""Behind the path of a text that begins on the line after its quotes, it names that line."""

_TOKEN: Final = re.compile(
    r'''(?P<skip>[ \t\r]+|\#[^\n]*)|(?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')'''
    r"""|(?P<mark>[\[\]{}=,\n])|(?P<bare>[^\s\[\]{}=,\#"']+)""",
    re.DOTALL,
)


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    line: int


def lines(toml: str) -> dict[Path, int]:
    """The line, from 1, on which each value of *toml* begins; a table's is that of its heading."""
    return _Scan(toml).found


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of *path*, or of the nearest that is known around it."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


def _tokens(toml: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(toml):
        if match.lastgroup != "skip":
            yield _Token(match.lastgroup or "", match[0], line)
        line += match[0].count("\n")


class _Scan:
    def __init__(self, toml: str) -> None:
        self.found: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._rest = list(_tokens(toml))[::-1]
        table: Path = ()
        while self._rest:
            if self._take("\n"):
                continue
            table = self._heading() if self._next("[") else table
            if self._next("\n") or not self._rest:
                continue
            self._pair(table)

    def _next(self, mark: str) -> bool:
        return bool(self._rest) and self._rest[-1].kind == "mark" and self._rest[-1].text == mark

    def _take(self, mark: str) -> bool:
        there = self._next(mark)
        if there:
            self._rest.pop()
        return there

    def _keys(self) -> tuple[list[str], int]:
        """A key with its dots, and its line."""
        line = self._rest[-1].line
        keys: list[str] = []
        while self._rest and self._rest[-1].kind != "mark":
            token = self._rest.pop()
            keys += [token.text[1:-1]] if token.kind == "text" else [part for part in token.text.split(".") if part]
        return keys, line

    def _heading(self) -> Path:
        self._take("[")
        many = self._take("[")
        keys, line = self._keys()
        path: Path = ()
        for number, key in enumerate(keys, 1):
            path += (key,)
            self.found.setdefault(path, line)
            if many and number == len(keys):
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path += (self._counts[path] - 1,)
        self.found.setdefault(path, line)
        while self._take("]"):
            pass
        return path

    def _pair(self, table: Path) -> None:
        keys, line = self._keys()
        path = table
        for key in keys:
            path += (key,)
            self.found.setdefault(path, line)
        if not self._take("="):
            del self._rest[-1:]  # cannot be in TOML; never stand still
            return
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._take("["):
            self._array(path)
        elif self._take("{"):
            while self._rest and not self._take("}"):
                if not self._take(",") and not self._take("\n"):
                    self._pair(path)
        else:
            while self._rest and self._rest[-1].kind != "mark":
                token = self._rest.pop()
                if token.text.startswith(('"""\n', "'''\n")):
                    self.found[(*path, TEXT)] = token.line + 1

    def _array(self, path: Path) -> None:
        number = 0
        while self._rest and not self._take("]"):
            if self._take("\n") or self._take(","):
                continue
            self.found[(*path, number)] = self._rest[-1].line
            left = len(self._rest)
            self._value((*path, number))
            if len(self._rest) == left:
                self._rest.pop()  # likewise
            number += 1
