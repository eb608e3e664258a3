"""Where a call stands among those of its portal: behind looks, by the priority of its run."""

from typing import Final

from campaigns.model import PRIORITIES, Priority, Run

READ: Final = 0
"""Reads are looks at what is in doubt: whoever waits for them has waited already, so they go first."""

HIGH: Final = 1
"""The rank of priority high: it and what comes before it takes the next place, all others are evenly spaced."""


class Ranks:
    """The ranks of a portal's runs in hand: each by its own priority, or by that to which its lane was raised."""

    def __init__(self) -> None:
        self._priorities: dict[str, Priority] = {}

    def of(self, run: Run) -> int:
        """The rank of the run's calls."""
        return HIGH + PRIORITIES.index(self._priorities.get(run.id, run.trigger.priority))

    def goes_by(self, run: Run, priority: Priority) -> None:
        """The run in hand goes by this priority now: its own, or that of a more urgent one behind it in its lane."""
        self._priorities[run.id] = priority

    def forget(self, run: Run) -> None:
        """The run is in hand no more."""
        self._priorities.pop(run.id, None)
