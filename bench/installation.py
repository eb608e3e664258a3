"""An installation of ours to measure: Valkey, service, workers and simulator, each a process of its own.

It is the one that `fanfare up` starts, in a folder of its own, on free ports, and with the recipe of the no-op.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from redis import Redis

from bench.load import Loaded, load, send
from campaigns import embedded
from campaigns.keys import PREFIXES
from cli.demo import free_ports
from cli.programs import Name, Programs
from cli.trial import Trial, lay_out
from simulator.fixture import Running

PORTAL: Final = "acme"
CALLER: Final = "shop"

LONGEST_WAIT: Final = 120.0
"""Seconds that anything may take which takes a few on an idle machine."""

LOOK_EACH: Final = 0.01

FILL_EACH: Final = 10.0
"""Seconds of filling between two looks at how much is there."""

FASTEST: Final = 5_000
"""Triggers a second that no machine here accepts: what is left after that is sent to the last one."""

RECIPE: Final = """
[[recipes]]
on = "bench.nothing"
portal = "acme"
archive = true
max_creates_per_hour = 100000000
"""
"""One step that has nothing to do: there is no campaign of the subject to archive, so HubSpot is not called."""

WAY: Final[tuple[Name, ...]] = ("service", "campaigns", "callbacks")

_MORE: Final = """
[portals.{name}]
base_url = "{url}"
settle = 2.0
token = {{ env = "HUBSPOT_TOKEN" }}
"""


class Installation:
    """What runs, and how to look at it.

    Attributes:
        redis: its Valkey.
        hubspot: its simulator.

    """

    def __init__(self, trial: Trial, programs: Programs, redis: Redis) -> None:
        self.trial = trial
        self.programs = programs
        self.redis = redis
        self.hubspot = Running(f"http://127.0.0.1:{trial.ports.simulator}")
        self._loads = 0

    @property
    def url(self) -> str:
        """The service's address."""
        return f"http://127.0.0.1:{self.trial.ports.service}"

    @property
    def headers(self) -> dict[str, str]:
        """Who asks."""
        return {"authorization": f"Bearer {self.trial.keys[CALLER]}"}

    def load(self, body: str, seconds: float) -> Loaded:
        """Send triggers for so long, each on its own; see `bench.load`.

        Raises:
            ValueError: some were refused.

        """
        return _check(load(self.trial.ports.service, seconds, self._run(), key=self.trial.keys[CALLER], body=body))

    def send(self, body: str, triggers: int) -> None:
        """Send so many triggers, each on its own.

        Raises:
            ValueError: some were refused.

        """
        _check(send(self.trial.ports.service, triggers, self._run(), key=self.trial.keys[CALLER], body=body))

    def in_line(self, portal: str = PORTAL) -> int:
        """How many runs may go as soon as there is a slot."""
        return self._size("line", portal)

    def in_flight(self, portal: str = PORTAL) -> int:
        """How many runs are in the worker's hands."""
        return self._size("flight", portal)

    def held(self) -> int:
        """How many runs wait for their time."""
        return self._size("held", PORTAL)

    def ended(self) -> int:
        """How many runs have ended."""
        return self._size("ended")

    def stored(self) -> int:
        """How many runs there are, less those in the worker's hands."""
        return self.ended() + self.in_line() + self.held()

    def has(self, key: str, of: str = "") -> bool:
        """Whether there is that key; see `keys.PREFIXES`."""
        return bool(self.redis.exists(PREFIXES[key] + of))

    def forget(self) -> None:
        """Begin anew: nothing is stored, nothing is in HubSpot; the workers must not run.

        Valkey frees memory later unless told otherwise; what is measured after this would seem to take less.
        """
        self.redis.execute_command("FLUSHALL", "SYNC")  # type: ignore[no-untyped-call]  # redis-py has no SYNC
        self.hubspot.reset()

    def memory(self) -> int:
        """Bytes that Valkey takes for what is stored, without what it takes for its clients and its file."""
        stats = self.redis.memory_stats()
        tables = stats.get("db.0", {})
        return int(stats["dataset.bytes"]) + sum(int(size) for size in tables.values())

    def by_work(self, pid: int) -> Callable[[], float]:
        """Tells the seconds of a core that the process and Valkey have used."""
        store = valkey(self.trial.folder)
        return lambda: worked(pid) + worked(store)

    def work(self) -> dict[str, float]:
        """The seconds of a core that each program of the way of a trigger has used."""
        spent = {str(name): worked(self.programs.pid(name)) for name in WAY if self.programs.runs(name)}
        return spent | {"valkey": worked(valkey(self.trial.folder))}

    def commands(self) -> int:
        """How many commands Valkey has done, those within scripts included."""
        return int(self.redis.info("stats")["total_commands_processed"])

    def _run(self) -> str:
        self._loads += 1
        return f"l{self._loads}x"

    def _size(self, key: str, of: str = "") -> int:
        return self.redis.zcard(PREFIXES[key] + of)


def _check(loaded: Loaded) -> Loaded:
    if loaded.refused:
        raise ValueError(f"{loaded.refused} of {loaded.answers} triggers were refused")
    return loaded


def fill_until(installation: Installation, body: str, runs: int) -> None:
    """Send triggers until so many runs are stored, whatever has become of them."""
    while (missing := runs - installation.stored()) > 0:
        if missing > FILL_EACH * FASTEST:
            installation.load(body, FILL_EACH)
        else:
            installation.send(body, missing)


def told_work(before: dict[str, float], after: dict[str, float], triggers: int) -> str:
    """What each program has used for a trigger, in words."""
    spent = ", ".join(f"{name} {(after[name] - before[name]) / triggers * 1000:.2f}" for name in before)
    return f"ms of a core for each trigger: {spent}"


def resident(pid: int) -> int:
    """Bytes of memory that the process has in hand.

    Source: proc(5), `VmRSS`; Linux only.
    """
    told = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(told["VmRSS"].split()[0]) * 1024


def worked(pid: int) -> float:
    """Seconds of a core that the process has used.

    Source: proc(5), `utime` and `stime`, which follow the name in parentheses; Linux only.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def valkey(folder: Path) -> int:
    """The process of the Valkey in *folder*."""
    return int((folder / "valkey.pid").read_text())


def until(holds: Callable[[], bool], what: str, within: float = LONGEST_WAIT) -> None:
    """Wait for what other processes bring about and announce to nobody.

    Raises:
        TimeoutError: it has not come; the message says *what*.

    """
    latest = time.monotonic() + within
    while not holds():
        if time.monotonic() > latest:
            raise TimeoutError(f"not within {within:.0f} s: {what}")
        time.sleep(LOOK_EACH)


def _no_more(_: str) -> Mapping[str, str]:
    return {}


def _add_portals(trial: Trial, more: Mapping[str, str]) -> None:
    path = trial.folder / "fanfare.toml"
    told = path.read_text().replace(f'portals = ["{PORTAL}"]', f"portals = {json.dumps([PORTAL, *more])}")
    path.write_text(told + "".join(_MORE.format(name=name, url=url) for name, url in more.items()))


@contextmanager
def installed(more: Callable[[str], Mapping[str, str]] = _no_more) -> Iterator[Installation]:
    """An installation that runs; all of it is ended, and its folder removed, at the end.

    Args:
        more: told its simulator's address, gives the addresses of more portals, by their names.

    """
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        trial = lay_out(Path(name), free_ports())
        _add_portals(trial, more(f"http://127.0.0.1:{trial.ports.simulator}"))
        (trial.folder / "recipes" / "bench.toml").write_text(RECIPE)
        trial.environment.pop("FANFARE_REDIS_URL", None)  # a measure is on a Valkey of its own
        with Programs(trial) as programs, Redis.from_url(f"unix://{trial.folder.resolve() / embedded.SOCKET}") as redis:
            yield Installation(trial, programs, redis)
