"""Reading recipes from TOML: what can be used, and what is wrong, each with its file and line. Pure."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from campaigns.errors import Invalid
from campaigns.recipes import checking, positions
from campaigns.recipes.matching import rivalry, rivals
from campaigns.recipes.mistakes import Mistake
from campaigns.recipes.positions import Path
from campaigns.recipes.shapes import Recipe
from campaigns.recipes.words import misshapen, not_toml, one_of

HEADING: Final = "recipes"


class Placed(msgspec.Struct, frozen=True):
    """A recipe, and where it stands."""

    recipe: Recipe
    file: str
    line: int

    @property
    def place(self) -> str:
        """As people find it."""
        return f"{self.file}:{self.line}" if self.file else f"line {self.line}"


class Reading(msgspec.Struct, frozen=True):
    """What was read: recipes, and what is wrong with them or with the rest."""

    recipes: tuple[Placed, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def usable(self) -> bool:
        """Whether no mistake stops."""
        return not any(mistake.stops for mistake in self.mistakes)


def read(text: str) -> tuple[Recipe, ...]:
    """The recipes in a TOML text.

    Raises:
        Invalid: they cannot be used; the message says where and why.

    """
    return usable(examine({"": text}))


def usable(reading: Reading) -> tuple[Recipe, ...]:
    """The recipes of a reading without mistakes that stop; raises Invalid with these."""
    stopping = [str(mistake) for mistake in reading.mistakes if mistake.stops]
    if stopping:
        raise Invalid("recipes: " + "\n".join(stopping))
    return tuple(placed.recipe for placed in reading.recipes)


def examine(
    texts: Mapping[str, str], *, portals: Collection[str] | None = None, among: Collection[str] = ()
) -> Reading:
    """The recipes of some files, and all that is wrong with them, by themselves and with each other.

    Args:
        texts: TOML, by the name of its file.
        portals: those of the settings; None: nobody knows.
        among: files in which recipes stand among other settings.

    """
    recipes: list[Placed] = []
    mistakes: list[Mistake] = []
    for file, text in texts.items():
        try:
            told = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            mistakes.append(msgspec.structs.replace(not_toml(str(error), text), file=file))
            continue
        lines = positions.lines(text)
        found: list[Mistake] = []
        for one in _recipes(told, portals, alone=file not in among):
            if isinstance(one, Mistake):
                found.append(_placed(one, file, lines))
            else:
                path, recipe = one
                recipes.append(Placed(recipe, file, positions.line_of(lines, (*path, "on"))))
        mistakes += sorted(found, key=lambda one: one.line)
    return Reading(tuple(recipes), (*mistakes, *_rivalries(recipes)))


def _placed(one: Mistake, file: str, lines: dict[Path, int]) -> Mistake:
    line = one.line or positions.line_of(lines, (*one.path, positions.TEXT) if one.within else one.path) + one.within
    return msgspec.structs.replace(one, file=file, line=line)


def _rivalries(recipes: list[Placed]) -> Iterator[Mistake]:
    for first, second in rivals([placed.recipe for placed in recipes]):
        one, other = recipes[first], recipes[second]
        told = rivalry(other.recipe, one.recipe, one.place)
        yield msgspec.structs.replace(told, file=other.file, line=other.line)


def _recipes(
    told: Mapping[str, Any], portals: Collection[str] | None, *, alone: bool
) -> Iterator[Mistake | tuple[Path, Recipe]]:
    """Each recipe with its path, and each mistake with its own."""
    for key in told if alone else ():
        if key != HEADING:
            near = get_close_matches(key, [HEADING], n=1)
            yield Mistake(
                (key,),
                f"a file of recipes has no `{key}`",
                "a recipe begins with [[recipes]]" if near else "put it under [[recipes]]",
            )
    rows = told.get(HEADING, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        yield Mistake((HEADING,), "`recipes` is no list of tables", "a recipe begins with [[recipes]], in two brackets")
        return
    for number, row in enumerate(rows):
        path = (HEADING, number)
        for one in _recipe(row, portals):
            if isinstance(one, Mistake):
                yield msgspec.structs.replace(one, path=(*path, *one.path))
            else:
                yield path, one


def _recipe(row: dict[str, Any], portals: Collection[str] | None) -> Iterator[Mistake | Recipe]:
    row = {key: _plain(value) for key, value in row.items()}
    try:
        recipe = msgspec.convert(row, Recipe)
    except msgspec.ValidationError as error:
        yield misshapen(str(error))
        return
    yield from checking.mistakes(recipe)
    if portals is not None and recipe.portal is not None and recipe.portal not in portals:
        yield Mistake(("portal",), f"the settings have no portal {recipe.portal!r}", one_of(recipe.portal, portals))
    yield recipe


def _plain(value: Any) -> Any:  # noqa: ANN401 - any TOML
    """Days and times as ISO 8601, as all else in recipes is texts and numbers."""
    match value:
        case date() | datetime() | time():
            return value.isoformat()
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case _:
            return value
