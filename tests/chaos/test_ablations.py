"""Each part that keeps a promise, taken out: the promise is broken, in the way that is expected, and only then.

The scenes are small and pointed: they do what only that part can bear. That the same scene with every part passes is
what makes the verdict the part's.
"""

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.chaos.ablated import ABLATIONS
from tests.chaos.drive import Played, play
from tests.chaos.oracle import kinds
from tests.chaos.scene import Havoc, Scene, conversations

SEED = 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def scene(name: str, triggers: int, *, most: int = 1, **more: object) -> Scene:
    """So many triggers at once, in conversations of at most *most*."""
    dice = random.Random(SEED)  # noqa: S311 - a scene must be repeatable
    asked = conversations(dice, triggers, 0.3, most=most, again=2.0, held=1.0)
    calm = Scene(name, SEED, asked, settle=0.5, call_deadline=2.0, ghost_looks=(), quiet=15.0)
    return msgspec.structs.replace(calm, **more)


def lost_answers() -> Scene:
    """HubSpot makes campaigns, alone and in a batch, and does not say so."""
    cuts = [{"do": "cut_after", "method": "POST", "path": path, "times": 1} for path in ("", "/batch/create")]
    return scene("lost answers", 25, faults=(*cuts,))


def a_killed_holder() -> Scene:
    """The holder is killed when all triggers are accepted; nobody else has a job to do."""
    slow = {"do": "delay", "delay_ms": 1_000}
    return scene("a killed holder", 25, faults=(slow,), havoc=(Havoc("holder", gaps=(1.0, 1.0), times=1),))


def a_stalled_holder() -> Scene:
    """The holder is stopped, with creates in hand that wait for their batch, for longer than its lease; and goes on."""
    slow = {"do": "delay", "method": "POST", "delay_ms": 1_500}
    stall = Havoc("holder", "stall", gaps=(0.5, 0.5), times=1)
    return scene("a stalled holder", 90, faults=(slow,), havoc=(stall,))


def long_conversations() -> Scene:
    """The campaign is made; then several triggers of its subject come in quick succession."""
    slow = {"do": "delay", "delay_ms": 50}
    hurried = scene("long conversations", 40, most=4, faults=(slow,))
    patient = tuple(msgspec.structs.replace(one, patient=True) for one in hurried.conversations)
    return msgspec.structs.replace(hurried, conversations=patient)


def late_commits() -> Scene:
    """HubSpot makes campaigns long after it seemed that it would not."""
    late = {"do": "late_commit", "method": "POST", "path": "/batch/create", "times": 1, "delay_ms": 2_000}
    return scene("late commits", 25, faults=(late,), ghost_looks=(4.0,))


def a_wiped_store() -> Scene:
    """All is done; Redis loses everything, and the callers send everything again."""
    return scene("a wiped store", 25, most=2, wiped=True)


SCENES: dict[str, tuple[Callable[[], Scene], str]] = {
    "look-up": (lost_answers, "Duplicate"),
    "sweep": (a_killed_holder, "Stuck"),
    "token": (a_stalled_holder, "Duplicate"),
    "lanes": (long_conversations, "OutOfOrder"),
    "ghosts": (late_commits, "Duplicate"),
    "epoch": (a_wiped_store, "Duplicate"),
}
"""Which scene shows that a part is needed, and the verdict without it."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not one of pytest's: the path of a socket may have no more than 107 characters."""
    with tempfile.TemporaryDirectory(prefix="fanfare-chaos-") as name:
        yield Path(name)


def told(played: Played) -> str:
    return f"{played.verdicts[:5]}\n{played.met}"


def test_every_part_that_can_be_taken_out_has_its_scene() -> None:
    assert set(SCENES) == set(ABLATIONS)


@pytest.mark.parametrize("part", SCENES)
async def test_without_its_part_a_scene_breaks_the_promise(part: str, folder: Path) -> None:
    make, verdict = SCENES[part]
    played = await play(make(), folder, ablation=part)
    assert set(kinds(played.verdicts)) == {verdict}, told(played)


@pytest.mark.parametrize("part", SCENES)
async def test_with_every_part_the_same_scene_keeps_it(part: str, folder: Path) -> None:
    make, _ = SCENES[part]
    played = await play(make(), folder)
    assert played.verdicts == (), told(played)
