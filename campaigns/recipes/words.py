"""What readers of TOML and of types say is wrong, in words for people. Pure."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from campaigns.recipes.mistakes import Mistake
from campaigns.recipes.positions import Path
from campaigns.recipes.shapes import AssetWanted, ItemWanted, Recipe

_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)$")
_TOLD: Final = {"Illegal character '\\n'": "a text has no quote at its end"}
_AT_PATH: Final = re.compile(r" - at `(\$[^`]*)`$")
_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")
_ABOUT: Final[dict[str | int, str]] = {
    "do": "leave `do` out, and the last word of the type decides; or say create, update or another",
    "taken": "say trust, fail, adopt or number",
    "on": 'such as on = "product.launched"',
}
_UNKNOWN: Final = re.compile(r"Object contains unknown field `([^`]*)`")
_WORDS: Final = (
    (re.compile(r"Object missing required field (`[^`]*`)"), r"\1 is missing"),
    (re.compile(r"Invalid enum value ('[^']*')"), r"\1 cannot stand here"),
    (re.compile(r"`object`"), "a table"),
    (re.compile(r"`array`"), "a list"),
    (re.compile(r"`str`"), "a text"),
    (re.compile(r"`int`"), "a whole number"),
    (re.compile(r"`float`"), "a number"),
    (re.compile(r"`bool`"), "true or false"),
    (re.compile(r"`(\w+) \| (null|array)`"), r"\1"),
)

_FIELDS: Final[dict[str | int | None, tuple[str, ...]]] = {
    None: Recipe.__struct_fields__,
    "assets": AssetWanted.__struct_fields__,
    "budget": ItemWanted.__struct_fields__,
    "spend": ItemWanted.__struct_fields__,
}


def not_toml(why: str, text: str) -> Mistake:
    """What Python's reader of TOML says."""
    at = _AT_LINE.search(why)
    line = int(at[1]) if at else text.count("\n") + 1
    hint = 'a line is name = "text": texts stand in quotes, and what is opened is closed'
    why = _AT_LINE.sub("", why)
    return Mistake((), f"this is no TOML: {_TOLD.get(why, why)}", hint, line=line)


def misshapen(why: str) -> Mistake:
    """What msgspec says, in words for people."""
    at = _AT_PATH.search(why)
    path: Path = tuple(name or int(number) for name, number in _STEP.findall(at[1])) if at else ()
    why = _AT_PATH.sub("", why)
    unknown = _UNKNOWN.search(why)
    if unknown:
        fields = _FIELDS.get(path[0], _FIELDS[None]) if path else _FIELDS[None]
        return Mistake((*path, unknown[1]), f"there is no `{unknown[1]}` here", one_of(unknown[1], fields))
    for pattern, words in _WORDS:
        why = pattern.sub(words, why)
    named = ".".join(str(step) for step in path if isinstance(step, str))
    return Mistake(path, f"{named}: {why}" if named else why, _ABOUT.get(path[-1], "") if path else "")


def one_of(word: str, words: Iterable[str]) -> str:
    """The word that was probably meant, or all that there are."""
    known = sorted(words)
    near = get_close_matches(word, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}" if known else ""
