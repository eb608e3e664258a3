"""`make chaos` for a third of its time: everything is killed and everything goes wrong, and no promise is broken."""

import tempfile
from pathlib import Path

import pytest

from tests.chaos import scene, summary
from tests.chaos.drive import play

SEED = 5


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_whoever_is_killed_and_whatever_hubspot_does_each_wish_takes_effect_once() -> None:
    with tempfile.TemporaryDirectory(prefix="fanfare-chaos-") as folder:
        played = await play(scene.in_small(SEED), Path(folder))
    print("\n".join(summary.lines(played.scene, played.met)))
    assert played.verdicts == ()
    assert list(summary.shortfalls(played.scene, played.met)) == []
