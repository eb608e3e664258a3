"""What goes into a batch, and what became of each of its wishes.

HubSpot's results carry no position, so they are known by what they contain. Whatever neither a result nor an error
explains is in doubt: to be looked for, then sent again alone, where the HTTP status speaks for itself.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, TypeVar, assert_never

import msgspec

from campaigns.errors import InDoubt, Later, Problem, Refused
from campaigns.hubspot.types import BatchAnswer, Campaign, ItemProblem
from campaigns.hubspot.wire import MOST_IN_A_BATCH

W = TypeVar("W")
C = TypeVar("C", bound=Campaign)

COMPLETE: Final = "COMPLETE"
"""The one status of a finished batch; it says nothing about its items."""

_MARKED: Final = "[fanfare:"
"""How every marker begins."""

REFUSALS: Final = frozenset({"VALIDATION_ERROR", "OBJECT_NOT_FOUND"})
"""Categories of an item's error after which the same item would be refused again."""


class Wish(msgspec.Struct, frozen=True):
    """One item of a batch, by what will be found again in its result.

    Attributes:
        name: `hs_name`, "" if the item does not set it. Names in a batch differ.
        marker: the marker's whole text, "" if the item bears none.
        campaign: the id, of items that read or update.

    """

    name: str = ""
    marker: str = ""
    campaign: str = ""


Trouble = Refused | Later | InDoubt
"""What a call may come to instead of an answer."""

Outcome = Campaign | Trouble
"""What the same wish sent alone would have returned or raised."""


def together(waiting: Iterable[W], *, differs: Callable[[W], str], shares: Callable[[W], Hashable]) -> list[W]:
    """What goes into the next batch.

    Args:
        waiting: all that wait, the most urgent first: that one goes.
        differs: no two of a batch have the same.
        shares: all of a batch have the same.

    """
    every = list(waiting)
    group: dict[str, W] = {}
    for one in every:
        if shares(one) == shares(every[0]):
            group.setdefault(differs(one), one)
    return list(group.values())[:MOST_IN_A_BATCH]


def outcomes(wishes: Sequence[Wish], came: BatchAnswer[C] | Trouble) -> tuple[C | Trouble, ...]:
    """What became of each wish, in the order of the wishes.

    A refusal of the whole batch is that of a lone wish. Of several it may be the fault of one, and it is not known that
    the others were not done: they are in doubt; look once, then send `halves`.
    """
    match came:
        case BatchAnswer():
            return _explained(wishes, came)
        case Refused():
            return (came,) if len(wishes) == 1 else _all_in_doubt(wishes, came.problem)
        case Later() | InDoubt():
            return tuple(came for _ in wishes)
        case _:
            assert_never(came)


def halves(wishes: Sequence[W]) -> tuple[Sequence[W], Sequence[W]]:
    """The two parts to send instead of a batch that was refused as a whole; at least two wishes."""
    middle = len(wishes) // 2
    return wishes[:middle], wishes[middle:]


def _all_in_doubt(wishes: Sequence[Wish], problem: Problem) -> tuple[InDoubt, ...]:
    return tuple(
        InDoubt("the whole batch was refused, and nothing says for which item", problem=problem) for _ in wishes
    )


def _explained(wishes: Sequence[Wish], answer: BatchAnswer[C]) -> tuple[C | Trouble, ...]:
    """Each wish's result, its error, or doubt."""
    found: dict[int, list[C]] = {}
    for result in answer.results:
        for place in _owners(wishes, result):
            found.setdefault(place, []).append(result)
    missing = {place: wish for place, wish in enumerate(wishes) if place not in found}
    blamed = _blamed(missing, answer.problems) if answer.status == COMPLETE else {}
    return tuple(_outcome(found.get(place, []), blamed.get(place), answer) for place in range(len(wishes)))


def _outcome(results: list[C], problem: Problem | None, answer: BatchAnswer[C]) -> C | Trouble:
    if len(results) == 1:
        return results[0]
    if results:
        return InDoubt(f"{len(results)} campaigns answer to this one wish")
    if problem is None:
        told = "; ".join(dict.fromkeys(one.problem.detail for one in answer.problems[:3]))
        return InDoubt(
            f"neither a result nor an error of the batch ({answer.status}) is this wish's. {told}".rstrip(". ")
        )
    if problem.category is None or problem.category in REFUSALS:
        return Refused(problem=problem)
    return InDoubt(problem=problem)


def _owners(wishes: Sequence[Wish], result: Campaign) -> list[int]:
    """The places of the wishes that *result* answers: by id, else by marker, else by a name that is only one's.

    A result that bears somebody's marker is nobody else's, whatever its name.
    """
    by_id = [place for place, wish in enumerate(wishes) if wish.campaign == result.id]
    texts = "\n".join(result.properties.values())
    by_marker = [place for place, wish in enumerate(wishes) if wish.marker and wish.marker in texts]
    if by_id or by_marker or _MARKED in texts:
        return by_id or by_marker
    name = result.name.strip()
    by_name = [place for place, wish in enumerate(wishes) if name and wish.name.strip() == name and not wish.campaign]
    return by_name if len(by_name) == 1 else []


def _blamed(missing: dict[int, Wish], problems: Sequence[ItemProblem]) -> dict[int, Problem]:
    """The problem of each missing wish, as far as it can be told.

    An id or a marker in an error's texts is no accident. A name may be an everyday word, so it counts only if there are
    as many errors as missing wishes. As many errors as wishes that are left, all saying the same, are shared out.
    """
    one_each = len(problems) == len(missing)
    blamed: dict[int, Problem] = {}
    left: list[Problem] = []
    for item in problems:
        places = [place for place, wish in missing.items() if _mentions(item.text, wish.campaign, wish.marker)]
        if one_each and not places:
            places = [place for place, wish in missing.items() if _mentions(item.text, wish.name.strip())]
        if len(places) == 1:
            blamed.setdefault(places[0], item.problem)
        else:
            left.append(item.problem)
    unexplained = [place for place in missing if place not in blamed]
    if len(left) == len(unexplained) and len({(one.category, one.detail) for one in left}) == 1:
        blamed.update(zip(unexplained, left, strict=True))
    return blamed


def _mentions(text: str, *keys: str) -> bool:
    return any(key in text for key in keys if key)
