"""Which recipe answers to a trigger: one, or the trigger is refused. Pure."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from campaigns.errors import Invalid, NoRecipe
from campaigns.model import Trigger
from campaigns.recipes import templates
from campaigns.recipes.mistakes import Mistake
from campaigns.recipes.shapes import MEND, REQUESTED, Recipe

UTC: Final = "UTC"


class Book(Protocol):
    """The recipes that are in force, whoever keeps them."""

    @property
    def all(self) -> tuple[Recipe, ...]:
        """All of them."""

    def match(self, trigger: Trigger) -> Recipe | None:
        """See `Recipes.match`."""

    def zone(self, portal: str) -> ZoneInfo:
        """See `Recipes.zone`."""


class Recipes:
    """All recipes that are in force.

    Args:
        recipes: any two of which answer to different triggers.
        zones: the zone of each portal, by its name; UTC for those without.

    """

    def __init__(self, recipes: Sequence[Recipe] = (), zones: Mapping[str, str] | None = None) -> None:
        self._all = tuple(recipes)
        self.zones = dict(zones or {})
        exact: dict[str, list[Recipe]] = {}
        self._wide: list[tuple[str, Recipe]] = []
        for recipe in self._all:
            for kind in recipe.types:
                if "*" in kind:
                    self._wide.append((kind, recipe))
                else:
                    exact.setdefault(kind, []).append(recipe)
        self._exact = exact

    @property
    def all(self) -> tuple[Recipe, ...]:
        """All of them."""
        return self._all

    def zone(self, portal: str) -> ZoneInfo:
        """In which zone the days of *portal* are."""
        return _zone(self.zones.get(portal, UTC))

    def match(self, trigger: Trigger) -> Recipe | None:
        """The recipe that answers to *trigger*; None for one that brings everything itself.

        Raises:
            NoRecipe: nothing answers to it.
            Invalid: several do, or their conditions cannot be told.

        """
        if trigger.type in {REQUESTED, MEND}:
            return None
        named: list[Recipe] = [
            *self._exact.get(trigger.type, ()),
            *(recipe for kind, recipe in self._wide if fits(kind, trigger.type)),
        ]
        answering = [recipe for recipe in named if self._holds(recipe, trigger)]
        if len(answering) > 1:
            titles = " and ".join(repr(recipe.title) for recipe in answering)
            raise Invalid(
                f"the recipes {titles} both answer to this trigger: give them conditions that exclude each other"
            )
        if not answering:
            raise NoRecipe(
                f"no recipe answers to triggers of type {trigger.type!r}" + (" with this data" if named else "")
            )
        return answering[0]

    def _holds(self, recipe: Recipe, trigger: Trigger) -> bool:
        if not recipe.when:
            return True
        zone = self.zone(trigger.portal or recipe.portal or "")
        try:
            return templates.holds(recipe.when, templates.values_of(trigger, zone))
        except Invalid as error:
            raise Invalid(f"recipe {recipe.title!r}: `when`: {error}") from error


def fits(pattern: str, kind: str) -> bool:
    """Whether a type of trigger is one of those that *pattern* names; `*` stands for any characters."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == kind
    if not kind.startswith(first) or len(kind) < len(first) + len(rest[-1]):
        return False
    at, end = len(first), len(kind) - len(rest[-1])
    for part in rest[:-1]:
        found = kind.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return kind.endswith(rest[-1])


def overlap(one: str, other: str) -> bool:
    """Whether some type of trigger fits both patterns."""

    @cache
    def meet(i: int, j: int) -> bool:
        if i == len(one) and j == len(other):
            return True
        if i < len(one) and one[i] == "*" and (meet(i + 1, j) or (j < len(other) and meet(i, j + 1))):
            return True
        if j < len(other) and other[j] == "*" and (meet(i, j + 1) or (i < len(one) and meet(i + 1, j))):
            return True
        return i < len(one) and j < len(other) and one[i] == other[j] != "*" and meet(i + 1, j + 1)

    return meet(0, 0)


def rivals(recipes: Sequence[Recipe]) -> list[tuple[int, int]]:
    """The pairs of recipes, by number, that answer to one trigger. Two with conditions may exclude each other."""
    pairs = [(i, j) for j in range(len(recipes)) for i in range(j)]
    return [(i, j) for i, j in pairs if _rival(recipes[i], recipes[j])]


def _rival(one: Recipe, other: Recipe) -> bool:
    if one.when and other.when and one.when != other.when:
        return False
    return any(overlap(mine, theirs) for mine in one.types for theirs in other.types)


def rivalry(recipe: Recipe, rival: Recipe, place: str) -> Mistake:
    """What to tell the author of the second of two rivals; *place* is where the first stands."""
    kinds = ", ".join(sorted({a for a in recipe.types for b in rival.types if overlap(a, b)}))
    return Mistake(
        ("on",),
        f"answers to {kinds}, and so does the recipe {rival.title!r} ({place})",
        "one trigger goes to one recipe: let both have a `when` that excludes the other, or narrow `on`",
    )


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
