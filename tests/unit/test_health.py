"""How the whole system is, from what stands where."""

import msgspec
import pytest

from campaigns.health import Census, PortalCount, colour, ills
from campaigns.keys import SECOND

NOW = 1_800_000_000_000
IDLE = PortalCount(
    line=0,
    oldest=0,
    waiting=0,
    held=0,
    flight=0,
    lane=0,
    places=0,
    ghosts=0,
    over=0,
    shown=0,
    why=None,
    since=0,
    paused=False,
)
WELL = Census(now=NOW, first_due=0, callbacks=0, first_callback=0, parked=0, portals={"acme": IDLE})


def census(**told: object) -> Census:
    return msgspec.structs.replace(WELL, **told)


def portal(**told: object) -> Census:
    return census(portals={"acme": msgspec.structs.replace(IDLE, **told)})


def test_nothing_to_say_is_green() -> None:
    assert colour(ills(WELL)) == "green"


@pytest.mark.parametrize(("seconds", "said"), [(-5, "green"), (9, "green"), (10, "amber"), (59, "amber"), (60, "red")])
def test_lateness_is_how_long_a_portal_has_had_work_and_nobody_on_it(seconds: int, said: str) -> None:
    late = census(first_due=NOW - seconds * SECOND)
    assert colour(ills(late)) == said
    assert late.lateness == max(seconds, 0) * SECOND


@pytest.mark.parametrize(("seconds", "said"), [(-5, "green"), (59, "green"), (60, "amber"), (300, "red")])
def test_a_callback_that_nobody_posts_is_told(seconds: int, said: str) -> None:
    assert colour(ills(census(callbacks=1, first_callback=NOW - seconds * SECOND))) == said


@pytest.mark.parametrize(
    ("ill", "word"),
    [
        (portal(why="down", since=NOW - 90 * SECOND), "parked for 90 s: down"),
        (portal(paused=True), "paused"),
        (portal(shown=2), "2 things"),
        (portal(over=3), "3 runs are held: their recipes have made max_creates_per_hour campaigns"),
        (portal(line=1, oldest=NOW - 700 * SECOND), "700 s old"),
        (census(parked=3), "wait for a replay"),
    ],
)
def test_what_somebody_should_look_at_is_amber_and_wakes_nobody(ill: Census, word: str) -> None:
    found = ills(ill)
    assert colour(found) == "amber"
    assert word in found[0].seen


def test_the_worst_gives_the_colour() -> None:
    worst = census(first_due=NOW - 60 * SECOND, parked=1)
    assert [ill.colour for ill in ills(worst)] == ["red", "amber"]
    assert colour(ills(worst)) == "red"
