"""What one run takes of each program and of Redis: the figures of docs/scaling.md.

HubSpot answers at once and has no limit here, so a worker does all that it can; each trigger asks for a campaign with
two assets, and is accepted on its own. Memory is what is stored for a run, by where it stands.
"""

import time
from collections.abc import Iterator
from typing import Final

import msgspec

from bench import stored
from bench.drain import NO_LIMIT, TWO_ASSETS
from bench.drain import stored as left_in_redis
from bench.installation import Installation, installed, told_work, until
from bench.rows import Row

RUNS: Final = 2_000
NOWHERE: Final = "http://127.0.0.1:9/"
"""Nobody takes callbacks there, and nobody delivers them while this is measured: they wait."""

BODIES: Final = {
    "ended": TWO_ASSETS,
    "ended, without a subject": TWO_ASSETS.replace('"subject": "sku-@", ', ""),
    "ended, its callback waits": TWO_ASSETS.replace('"portal"', f'"callbackurl": "{NOWHERE}", "portal"'),
}


class Ended(msgspec.Struct, frozen=True):
    """What so many runs took until they had ended.

    Attributes:
        seconds: from the first trigger to the last end.
        work: of each program, in words.
        stored: bytes in Redis.

    """

    seconds: float
    work: str
    stored: int


def rows() -> Iterator[Row | str]:
    """Measure; there is nothing that must be reached."""
    with installed() as installation:
        installation.programs.end("campaigns")
        installation.programs.end("callbacks")
        _end(installation, TWO_ASSETS)  # what Redis keeps once for all is there then
        for where, body in {"held": stored.held(), "in the line": TWO_ASSETS}.items():
            yield f"a run that is {where}: {_open(installation, body):,.0f} bytes in Redis"
        for where, body in BODIES.items():
            ended = _end(installation, body)
            yield f"a run that is {where}: {ended.stored / RUNS:,.0f} bytes in Redis"
            yield f"{ended.work}; {RUNS / ended.seconds:.0f} a second"


def _open(installation: Installation, body: str) -> float:
    """Bytes of a run that nobody has begun."""
    installation.forget()
    empty = installation.memory()
    installation.send(body, RUNS)
    return (installation.memory() - empty) / RUNS


def _end(installation: Installation, body: str) -> Ended:
    """Send the triggers while a worker runs, and wait until all runs have ended."""
    installation.forget()
    installation.hubspot.limit(per_10s=NO_LIMIT)
    empty = installation.memory()
    installation.programs.start("campaigns")
    try:
        installation.programs.until_ready()
        began, before = time.monotonic(), installation.work()
        installation.send(body, RUNS)
        until(lambda: installation.ended() >= RUNS, f"{RUNS} runs end")
        seconds, work = time.monotonic() - began, told_work(before, installation.work(), RUNS)
    finally:
        installation.programs.end("campaigns")
    return Ended(seconds, work, left_in_redis(installation) - empty)
