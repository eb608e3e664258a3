"""`python -m tests.chaos [chaos|soak] [--seed N]`: plays a scene and says what it proves; exit code 1 if anything is wrong."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.chaos import scene, summary
from tests.chaos.drive import Played, play
from tests.chaos.oracle import kinds

MOST_SHOWN: Final = 20

SCENES: Final[dict[str, scene.Make]] = {"chaos": scene.chaos, "soak": scene.soak, "small": scene.in_small}


def main(arguments: list[str]) -> int:
    """Play the scene that is asked for."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("scene", choices=SCENES, nargs="?", default="chaos")
    parser.add_argument("--seed", type=int, default=None, help="by default a new one each time")
    told = parser.parse_args(arguments)
    seed = told.seed if told.seed is not None else time.time_ns() % 1_000_000
    folder = Path(tempfile.mkdtemp(prefix="fanfare-chaos-"))
    played = asyncio.run(play(SCENES[told.scene](seed), folder))
    wrong = report(played)
    if wrong:
        (folder / "verdicts.txt").write_text("\n".join(map(str, played.verdicts)))
        print(f"  logs and all verdicts: {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def report(played: Played) -> bool:
    """Print what happened; whether anything is wrong with it."""
    print("\n".join(summary.lines(played.scene, played.met)))
    short = list(summary.shortfalls(played.scene, played.met))
    for verdict in played.verdicts[:MOST_SHOWN]:
        print(f"  WRONG {verdict}")
    for text in short:
        print(f"  TOO LITTLE {text}")
    print(f"  verdicts: {dict(kinds(played.verdicts)) or 'none'}")
    return bool(played.verdicts or short)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
