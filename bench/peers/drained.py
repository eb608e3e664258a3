"""One drain at the simulator: waited for until HubSpot has everything, and what it came to."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import msgspec

from simulator.fixture import Running

ASSETS: Final = 2
LONGEST: Final = 500.0
"""Seconds after which nothing is waited for any longer."""

QUIET: Final = 100.0
"""Seconds without a call after which nothing is waited for any longer: more than the minute, or little more, for which
all peers are told to keep what a killed worker held."""

KILLS: Final = 3
KILL_EACH: Final = 4.0


class Came(msgspec.Struct, frozen=True):
    """What a drain came to.

    Attributes:
        triggers: so many were sent.
        setting: jobs at once, or processes.
        seconds: until HubSpot had everything; until nothing came any more, if it never had.
        calls: for each campaign that was asked for.
        refused: calls that met a 429.
        twice: campaigns too many.
        lost: triggers whose campaign is missing, or lacks an asset, when nothing has come for `QUIET`.
        memory: of all processes of the worker, bytes.

    """

    triggers: int
    setting: int
    seconds: float
    calls: float
    refused: int
    twice: int
    lost: int
    memory: int

    def __str__(self) -> str:
        """The drain in one line."""
        return (
            f"{self.seconds:.1f} s, {self.triggers / self.seconds:.2f} campaigns a second, "
            f"{self.calls:.2f} calls for each campaign, {self.refused} met a 429, "
            f"{self.twice} twice, {self.lost} lost, {self.memory / 1e6:.0f} MB ({self.setting} at once)"
        )


def watch(
    hubspot: Running,
    triggers: int,
    began: float,
    setting: int,
    kill: Callable[[], None] | None,
    memory: Callable[[], int],
) -> Came:
    """Wait until HubSpot has everything, or nothing comes any more; kill on the way."""
    most, calls, last, kills = 0, -1, time.monotonic(), 0
    while (now := time.monotonic()) - began < LONGEST and now - last < QUIET:
        if kill and kills < KILLS and now - began > KILL_EACH * (kills + 1):
            kill()
            kills += 1
        most = max(most, memory())
        seen = hubspot.stats()["requests"]
        if seen != calls:
            calls, last = seen, now
        if not _missing(hubspot, triggers) and (kill is None or now - last > KILL_EACH * KILLS):
            break
        time.sleep(0.2)
    stats = hubspot.stats()
    standing = len([one for one in hubspot.campaigns() if not one["archived"]])
    lost = _missing(hubspot, triggers)
    return Came(
        triggers=triggers,
        setting=setting,
        seconds=last - began,
        calls=stats["requests"] / triggers,
        refused=stats["by_status"].get("429", 0),
        twice=standing - len(_named(hubspot)),
        lost=lost,
        memory=most,
    )


def _named(hubspot: Running) -> Counter[str]:
    """How many assets the campaign of each name has; of several, the most complete."""
    found: Counter[str] = Counter()
    for one in hubspot.campaigns():
        if not one["archived"]:
            name = one["properties"]["hs_name"]
            found[name] = max(found[name], sum(map(len, one["assets"].values())))
    return found


def _missing(hubspot: Running, triggers: int) -> int:
    """Triggers whose campaign is missing, or lacks an asset."""
    return triggers - sum(assets == ASSETS for assets in _named(hubspot).values())
