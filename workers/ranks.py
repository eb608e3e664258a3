"""Where a call stands among those of its portal: behind looks, by the priority of its run."""

from typing import Final

from campaigns.model import PRIORITIES, Run

READ: Final = 0
"""Reads are looks at what is in doubt: whoever waits for them has waited already, so they go first."""

HIGH: Final = 1
"""The rank of priority high: it and what comes before it takes the next place, all others are evenly spaced."""


class Ranks:
    """The ranks of a portal's runs in hand: each by its own priority, or by that to which its lane was raised."""

    def __init__(self) -> None:
        self._raised: dict[str, int] = {}

    def of(self, run: Run) -> int:
        """The rank of the run's calls."""
        return HIGH + self._raised.get(run.id, PRIORITIES.index(run.trigger.priority))

    def raised(self, run: str, priority: int) -> None:
        """The run in hand has this priority now, whatever its own is: more urgent ones stand behind it in its lane."""
        self._raised[run] = priority

    def forget(self, run: str) -> None:
        """The run is in hand no more."""
        self._raised.pop(run, None)
