"""The model: what has happened, told in the simplest way, and what must follow from it. Pure; knows no key and no script.

Its time is true time: it goes on when time passes, and does not go back when Redis's clock is set back.
"""

from typing import Final

import msgspec

from campaigns.model import Run

WINDOW: Final = 10_000
"""HubSpot's rolling window (ms)."""


class Wished(msgspec.Struct):
    """A run that was accepted.

    Attributes:
        key: names it among its caller's wishes.
        order: its place in the order of its subject: sequence, time, acceptance.
        ending: how it ended; None while it is open.
        ended_at: when.
        settled_at: when the last call whose answer nobody has saved has surely ended and can be seen; 0: there is none.
        attempts: when each of its calls was sent, by what Redis then took for the time.

    """

    run: Run
    key: str
    fingerprint: str
    order: tuple[int, int, int]
    ending: str | None = None
    ended_at: int = 0
    settled_at: int = 0
    attempts: list[int] = []


class Counted(msgspec.Struct):
    """A call that left for HubSpot, which counts it at some time between *at* and *end*."""

    portal: str
    at: int
    end: int


class World(msgspec.Struct):
    """All that callers, workers and HubSpot know together.

    Attributes:
        wished: the runs that were accepted and may not be forgotten yet, by their ids.
        named: caller's key -> id of its run.
        began: when the recipe's cap let a run make its campaign, by the ids of the runs.
        accepted: how many wishes came, whatever became of them.
        counted: the calls to HubSpot.

    """

    wished: dict[str, Wished] = {}
    named: dict[str, str] = {}
    began: dict[str, int] = {}
    accepted: int = 0
    counted: list[Counted] = []

    def by_key(self, key: str) -> Wished | None:
        """The run that *key* names."""
        return self.wished.get(self.named.get(key, ""))

    def wish(self, key: str, wished: Wished) -> None:
        """A wish was accepted."""
        self.wished[wished.run.id] = wished
        self.named[key] = wished.run.id

    def forget(self, run_id: str) -> None:
        """The time of an ended run is over, and its key may name another wish."""
        del self.named[self.wished.pop(run_id).key]

    def most_in_a_window(self, portal: str) -> int:
        """The most calls that HubSpot may have counted within one window, whenever it counted each."""
        calls = [call for call in self.counted if call.portal == portal]
        return max((sum(one.at <= each.at < one.end + WINDOW for one in calls) for each in calls), default=0)
