"""`fanfare up`: everything on this machine, until Ctrl-C or SIGTERM."""

import signal
import time
from pathlib import Path
from types import FrameType

from cli.programs import Programs, Trouble
from cli.trial import Ports, lay_out


def up(data: Path) -> int:
    """Start everything in *data* and stay; the exit code."""
    trial = lay_out(data.resolve(), Ports())
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with Programs(trial) as programs:
            print(f"service    http://127.0.0.1:{trial.ports.service}   (POST /v1/triggers)")
            print(f"simulator  http://127.0.0.1:{trial.ports.simulator}   (GET /_sim/campaigns)")
            print(f"keys       {', '.join(str(trial.folder / 'keys' / name) for name in trial.keys)}")
            print("Ctrl-C ends it.")
            while True:
                programs.check()
                time.sleep(1.0)
    except KeyboardInterrupt:
        return 0
    except Trouble as trouble:
        print(trouble)
        return 1


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
