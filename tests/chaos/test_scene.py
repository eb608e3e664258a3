"""Scenes and their summaries, without playing them."""

import msgspec
import pytest

from tests.chaos import scene
from tests.chaos.havoc import TakeOver
from tests.chaos.scene import MUST_BE_MET, Floors, Role, Scene
from tests.chaos.summary import Met, lines, quantile, shortfalls

SCENES = pytest.mark.parametrize("make", [scene.chaos, scene.in_small, scene.soak])

STRUCK: dict[Role, int] = {"valkey": 4, "holder": 6, "service": 4, "callbacks": 6}

ENOUGH = Met(
    triggers=1_000,
    requests=1_500,
    calls=4_000,
    campaigns=1_000,
    struck=STRUCK,
    stalls=0,
    faults=dict.fromkeys(MUST_BE_MET, 10),
    take_overs=tuple(TakeOver(6_000 + n, disturbed=False) for n in range(100)),
    told=10.0,
    drained=20.0,
)

PLAYED = Scene("a scene", 1, (), floors=Floors(1_000, 20, STRUCK, 10, take_overs=100))


@SCENES
def test_the_same_seed_is_the_same_scene(make: scene.Make) -> None:
    assert make(3) == make(3)
    assert make(3) != make(4)


@SCENES
def test_a_scene_asks_for_as_much_as_its_floors_want(make: scene.Make) -> None:
    played = make(1)
    assert played.triggers >= played.floors.triggers
    assert {havoc.victim for havoc in played.havoc} == set(played.floors.by_role)
    assert set(MUST_BE_MET) <= {fault["do"] for fault in played.faults} | {"429"}


@SCENES
def test_no_two_triggers_of_a_scene_are_the_same_wish(make: scene.Make) -> None:
    wanted = [one for conversation in make(1).conversations for one in conversation.wanted]
    assert len({one.key for one in wanted}) == len({one.name for one in wanted}) == len(wanted)


@SCENES
def test_a_late_commit_is_for_the_look_up_or_for_the_looks_for_ghosts_and_never_in_between(make: scene.Make) -> None:
    """One that comes at the end of the settle window, give or take, would prove nothing."""
    played = make(1)
    lag = max(fault["delay_ms"] for fault in played.faults if fault["do"] == "lag_list") / 1000
    late = [fault["delay_ms"] / 1000 for fault in played.faults if fault["do"] == "late_commit"]
    assert min(late) + lag < played.settle
    assert played.settle < max(late)
    assert max(late) + lag < min(played.ghost_looks)


def test_what_met_its_floors_falls_short_of_nothing() -> None:
    assert list(shortfalls(PLAYED, ENOUGH)) == []


@pytest.mark.parametrize(
    ("different", "why"),
    [
        ({"triggers": 999}, ["999 triggers instead of 1000"]),
        ({"struck": {**STRUCK, "valkey": 3}}, ["19 kills instead of 20", "3 kills of valkey instead of 4"]),
        ({"drained": 60.0}, ["something was left to do after 60 s"]),
        ({"faults": {**ENOUGH.faults, "429": 9}}, ["429 met 9 times instead of 10"]),
        ({"take_overs": ENOUGH.take_overs[1:]}, ["99 undisturbed take-overs instead of 100"]),
        (
            {"take_overs": tuple(TakeOver(8_000 + n, disturbed=False) for n in range(100))},
            ["the p99 of take-overs is 8098 ms, more than 8000"],
        ),
    ],
)
def test_what_missed_a_floor_says_which(different: dict[str, object], why: list[str]) -> None:
    assert list(shortfalls(PLAYED, msgspec.structs.replace(ENOUGH, **different))) == why


def test_take_overs_with_valkey_killed_meanwhile_are_measured_apart() -> None:
    disturbed = (*ENOUGH.take_overs, TakeOver(20_000, disturbed=True))
    met = msgspec.structs.replace(ENOUGH, take_overs=disturbed)
    assert list(shortfalls(PLAYED, met)) == []
    assert any("max 20000 ms" in line for line in lines(PLAYED, met))


def test_a_quantile_is_one_of_the_values() -> None:
    values = list(range(1, 101))
    assert [quantile(values, share) for share in (0.01, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert quantile([7], 0.99) == 7
