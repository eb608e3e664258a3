"""The proof: the points of a journey are counted, then at each of them somebody dies, and the journey still ends right."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import msgspec

from tests.chaos.crash_points.installation import Installation, an_installation
from tests.chaos.crash_points.journeys import Journey
from tests.chaos.crash_points.points import EDGES, Death, Point
from tests.chaos.crash_points.travelling import Travelled, travel

COUNTED: Final = 3
"""Journeys from which the points are taken: what a timer does comes once more in one and once less in another."""

CHANCES: Final = 8
"""Journeys made until a point comes: what another process did first in one may be left to this one in the next."""

NEVER: Final = "its point never came"

Task = tuple[Journey, Death | None]
Done = tuple[Journey, Travelled]


@asynccontextmanager
async def installations(number: int) -> AsyncIterator[Sequence[Installation]]:
    """So many installations, to make journeys on all of them at once."""
    async with AsyncExitStack() as stack:
        yield await asyncio.gather(*(stack.enter_async_context(an_installation(one)) for one in range(number)))


class Counted(msgspec.Struct, frozen=True):
    """The points of one journey.

    Attributes:
        sure: what came whenever it was made, as often as it always came.
        by_chance: the first of what came on some of them only; not everything of this kind comes again.
        names: of all that passed, also of what might write and changes nothing.

    """

    sure: list[Point]
    by_chance: list[Point]
    names: set[str]


async def points_of(journeys: Sequence[Journey], on: Sequence[Installation]) -> dict[Journey, Counted]:
    """The points of each journey: all calls, and of what passed on the way to Redis that which changes something there.

    Raises:
        AssertionError: a journey does not even end right when nobody dies.

    """
    made: dict[Journey, list[Travelled]] = {journey: [] for journey in journeys}
    for journey, one in await _made([(journey, None) for journey in journeys for _ in range(COUNTED)], on):
        assert not one.wrong, f"{journey.name}, and nobody dies: {one.wrong}"
        made[journey].append(one)
    return {journey: _counted(found) for journey, found in made.items()}


def _counted(made: Sequence[Travelled]) -> Counted:
    writes = frozenset[tuple[str, str]]().union(*(one.writes for one in made))
    counts = [Counter(point.first for point in one.points if (point.role, point.name) in writes) for one in made]
    firsts = sorted(set().union(*counts))
    often = {first: min(count[first] for count in counts) for first in firsts}
    return Counted(
        sure=[first.number(nth) for first in firsts for nth in range(1, often[first] + 1)],
        by_chance=[first for first in firsts if not often[first]],
        names={point.name for one in made for point in one.points},
    )


def deaths(points: Iterable[Point]) -> list[Death]:
    """Just before and just after each of *points*."""
    return [Death(point, edge) for point in points for edge in EDGES]


async def travelled(tasks: Iterable[Task], on: Sequence[Installation], *, chances: int = CHANCES) -> list[Done]:
    """What came of these journeys; one whose point did not come is made again, a few times."""
    left, done = list(tasks), list[Done]()
    for _ in range(chances):
        came = await _made(left, on)
        done += [row for row in came if row[1].hit or row[1].wrong]
        left = [(journey, one.death) for journey, one in came if not one.hit and not one.wrong]
    return done + [(journey, Travelled(death, None, (), wrong=NEVER)) for journey, death in left]


async def _made(tasks: Iterable[Task], on: Sequence[Installation]) -> list[Done]:
    """All these journeys, as many at once as there are installations."""
    left, done = deque(tasks), list[Done]()

    async def make_some(installation: Installation) -> None:
        while left:
            journey, death = left.popleft()
            done.append((journey, await travel(journey, installation, death)))

    await asyncio.gather(*map(make_some, on))
    return done
