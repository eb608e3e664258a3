"""What a template may say, checked without filling it in: no sets, macros or includes, no functions, no `*`. Pure.

MiniJinja counts steps, not characters: what could double a text again and again is not part of the language. So what an
expression makes is at most as long as all that it joins, and a text ends at its cap (`templates`).
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

import msgspec

from campaigns.recipes.filters import KEPT, OURS

FILTERS: Final = KEPT | OURS.keys()
STATEMENTS: Final = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
MOST_JOINTS: Final = 20
"""Texts that one template may join by `~` or `+`: each may be as long as all of the data."""

_OPENING: Final = re.compile(r"\{\{|\{%|\{#")
_CLOSING: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_TOKEN: Final = re.compile(
    r"""\s+|(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(?P<word>[^\W\d]\w*)|\d[\w.]*|\*\*|.""", re.DOTALL
)
_BEFORE_BRACKETS: Final = frozenset({"if", "elif", "and", "or", "not", "in", "is", "else"})


class Trouble(msgspec.Struct, frozen=True):
    """Why a template is none of this language, on which of its lines, and what to do."""

    why: str
    hint: str = ""
    line: int = 1


def troubles(template: str) -> tuple[Trouble, ...]:
    """What a text says that no template may; whether it can be read at all, MiniJinja tells."""
    found: list[Trouble] = []
    joints = 0
    for opening, tokens, line in _blocks(template):
        if opening == "{%":
            statement = next((word for word in tokens if word not in {"-", "+"}), "")
            if statement not in STATEMENTS:
                found.append(
                    Trouble(f"`{{% {statement} %}}` cannot be used here", "only if, elif, else and for can", line)
                )
        found += [Trouble(why, hint, line) for why, hint in _in_code(tokens)]
        joints += sum(token in {"~", "+"} for token in tokens)
    if joints > MOST_JOINTS:
        found.append(Trouble(f"joins more than {MOST_JOINTS} texts", "write them one after the other: {{ a }}{{ b }}"))
    return tuple(found)


def in_expression(code: str) -> tuple[Trouble, ...]:
    """The same for a condition (`when`) or a list (`each`)."""
    return (
        troubles(f"{{{{ {code} }}}}") if "}}" not in code else (Trouble("has `}}` in it", "write it without braces"),)
    )


def _blocks(template: str) -> Iterator[tuple[str, list[str], int]]:
    """The opening, tokens and line of each block; a comment has no tokens."""
    at = 0
    while found := _OPENING.search(template, at):
        opening, begin = found[0], found.end()
        line = template.count("\n", 0, begin) + 1
        if opening == "{#":
            closed = template.find("#}", begin)
            at = len(template) if closed < 0 else closed + 2
            continue
        tokens, at = _tokens(template, begin, _CLOSING[opening])
        yield opening, tokens, line


def _tokens(template: str, begin: int, closing: str) -> tuple[list[str], int]:
    """The tokens from *begin* to *closing*, and where the text after it begins; a text is a token `""`."""
    tokens: list[str] = []
    at = begin
    while at < len(template) and not template.startswith(closing, at):
        found = _TOKEN.match(template, at)
        if found is None:
            break
        if found["text"]:
            tokens.append('""')
        elif not found[0].isspace():
            tokens.append(found[0])
        at = found.end()
    return tokens, at + len(closing)


def _in_code(tokens: list[str]) -> Iterator[tuple[str, str]]:
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        if token in {"*", "**"}:
            yield "`*` cannot be used here", "multiply with the filter times: {{ data.price | times(1.2) }}"
        elif before == "|" and token not in FILTERS:
            near = get_close_matches(token, FILTERS, n=1)
            others = f"did you mean `{near[0]}`?" if near else f"the filters are {', '.join(sorted(FILTERS))}"
            yield f"there is no filter `{token}`", others
        elif (
            after == "(" and before not in {"|", "is", "not"} and token.isidentifier() and token not in _BEFORE_BRACKETS
        ):
            yield f"there is no function `{token}`", "templates have filters: {{ data.name | slug }}"
