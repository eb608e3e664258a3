"""Every write to Redis and every call to HubSpot is numbered; at each number somebody dies, and the run still ends right.

What is counted and killed is what passes the sockets of three real processes: the service, and the workers of both
queues. So a new write is a new point by itself. A journey ends right when there is one campaign with its assets and
items, one status was posted, under one id, all processes stop in order when they are told to, and Redis keeps nothing
that `keys.py` does not allow, nor RQ anything at all.
"""

import time
from collections.abc import Sequence

import pytest
import uvloop

from campaigns.queue import CALLBACKS, CAMPAIGNS
from tests.chaos.crash_points import roles
from tests.chaos.crash_points.journeys import ALL, PLAIN, Journey
from tests.chaos.crash_points.points import ANYTHING, Death, Point
from tests.chaos.crash_points.proof import NEVER, Counted, Done, deaths, installations, points_of, travelled

AT_ONCE = 32
"""Journeys: each mostly waits, for leases to end and callbacks to come back."""

BY_CHANCE = {
    "del rq:execution:*:*",
    "all from lrem rq:queue:campaigns:intermediate",
    "all from lrem rq:queue:callbacks:intermediate",
}
"""What no journey comes by for certain: the first follows a worker's beat in which a job ended; left out, its TTL ends the
key. The others give back a job that came as its worker stopped; left out, the sweep calls again."""

TOLD = 5
"""Journeys that did not end right of which everything is told; mostly one fault has spoiled them all."""

SAMPLE = [
    Death(Point(role, "living", ANYTHING, nth), "before" if nth % 2 else "after")
    for role, most, each in ((roles.SERVICE, 10, 5), (CAMPAIGNS, 55, 8), (CALLBACKS, 28, 9))
    for nth in range(1, most, each)
]
"""Some points of each role's life, by number alone: so they need not be counted first."""


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    roles.load()


@pytest.mark.timeout(300)
def test_whoever_dies_at_a_sample_of_the_points_the_run_ends_right() -> None:
    done = uvloop.run(tried([(PLAIN, death) for death in SAMPLE]))
    assert len(done) == len(SAMPLE)
    assert not (told := wrong(done)), told


@pytest.mark.slow
@pytest.mark.timeout(2_400)
def test_whoever_dies_at_any_point_the_run_ends_right(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    points, done, lucky = uvloop.run(every_point(ALL))
    with capsys.disabled():
        counted = ", ".join(f"{len(found.sure)} on the {journey.name} one" for journey, found in points.items())
        met = sum(one.hit is not None for _, one in [*done, *lucky])
        print(f"\n  crash points of a run: {counted}; {met} deaths in {time.monotonic() - began:.0f} s")
        for journey, one in [*lucky, *(row for row in done if row[1].wrong == NEVER)]:
            print(f"  by chance on the {journey.name} one: {one.death}{'' if one.hit else ', not met again'}")
    assert len(done) == 2 * sum(len(found.sure) for found in points.values())
    assert not (told := wrong([row for row in [*done, *lucky] if row[1].wrong != NEVER])), told
    died_at = {(one.hit.role, one.hit.name) for _, one in done if one.hit}
    meant = {(one.death.point.role, one.death.point.name) for _, one in done if one.death}
    assert meant <= died_at, "another process left it nothing to do there"
    known = set[str]().union(*(found.names for found in points.values()))
    seen = {point.name for _, one in done for point in one.points}
    assert seen - known <= BY_CHANCE, "nobody has died there: a journey must come by it without a death"


async def tried(tasks: Sequence[tuple[Journey, Death]]) -> list[Done]:
    """What came of these journeys, all made at once."""
    async with installations(len(tasks)) as on:
        return await travelled(tasks, on)


async def every_point(journeys: Sequence[Journey]) -> tuple[dict[Journey, Counted], list[Done], list[Done]]:
    """The points of *journeys*, and what came of a death before and after each of them; apart: of those by chance."""
    async with installations(AT_ONCE) as on:
        points = await points_of(journeys, on)
        sure = [(one, death) for one, found in points.items() for death in deaths(found.sure)]
        by_chance = [(one, death) for one, found in points.items() for death in deaths(found.by_chance)]
        return points, await travelled(sure, on), await travelled(by_chance, on, chances=4)


def wrong(done: Sequence[Done]) -> str:
    """The journeys that did not end right, or on which nobody died; the first few with all that is known of them."""
    rows = sorted((f"{journey.name}, death {one.death} at {one.hit}", one.wrong) for journey, one in done if one.wrong)
    told = [f"{where}: {why}" for where, why in rows[:TOLD]]
    return "\n\n".join(told + [f"{where}: {why.partition(chr(10))[0][:120]}" for where, why in rows[TOLD:]])
