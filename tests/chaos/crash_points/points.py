"""Crash points: what a process writes and asks is numbered where it passes a socket, and at one number it dies."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final, Literal

import msgspec

Phase = Literal["living", "stopping"]
Edge = Literal["before", "after"]

EDGES: Final[tuple[Edge, Edge]] = ("before", "after")

ANYTHING: Final = "*"
"""Stands for whatever passes: the nth of anything is the nth write or call of the role, by whatever name."""


class Point(msgspec.Struct, frozen=True, order=True):
    """One write or call: the *nth* of this *name* that *role* makes in this phase of its life."""

    role: str
    phase: Phase
    name: str
    nth: int

    @property
    def first(self) -> "Point":
        """The first of this name."""
        return self.number(1)

    def number(self, nth: int) -> "Point":
        """The *nth* of this name."""
        return msgspec.structs.replace(self, nth=nth)

    def __str__(self) -> str:
        """As it is told to people."""
        return f"{self.role}, {self.phase}: {self.name} #{self.nth}"


class Death(msgspec.Struct, frozen=True):
    """The process that comes to *point* is killed just before it, or just after it and before it learns the answer."""

    point: Point
    edge: Edge

    def __str__(self) -> str:
        """As it is told to people."""
        return f"{self.edge} {self.point}"


class Died(Exception):
    """The process was killed: what it had begun goes no further."""


class Watch:
    """Sees all that passes in one run of an installation, and kills where it was told to.

    Args:
        kill: kills the process of a role, at once.
        death: where; None: nowhere.

    Attributes:
        phase: of the installation's life.
        counts: nobody is to die: points are counted.
        alone: to be held by what finds out whether it changes anything.
        writes: the roles and names of all that has changed something; known only where points are counted.
        up: ids of the processes that are up: signals are heard.
        seen: how often each name has passed, by role and phase.
        hit: what passed when the process was killed; None: it was not.

    """

    def __init__(self, kill: Callable[[str], None], death: Death | None) -> None:
        self._kill = kill
        self._death = death
        self.phase: Phase = "living"
        self.counts = death is None
        self.alone = asyncio.Lock()
        self.writes: set[tuple[str, str]] = set()
        self.up: set[int] = set()
        self.seen: Counter[tuple[str, Phase, str]] = Counter()
        self.hit: Point | None = None

    def points(self) -> list[Point]:
        """All that has passed, numbered by its names."""
        named = sorted(what for what in self.seen if what[2] != ANYTHING)
        return [Point(*what, nth) for what in named for nth in range(1, self.seen[what] + 1)]

    def changes(self, role: str, name: str) -> None:
        """What passed by this name has changed something."""
        self.writes.add((role, name))

    def waits_for(self, phase: Phase) -> bool:
        """Whether somebody is still to die in this phase."""
        return self._death is not None and self.hit is None and self._death.point.phase == phase

    def comes(self, role: str, name: str, *, changes: bool = False) -> bool:
        """Count what is about to pass; tell whether its process dies as soon as it has passed.

        Args:
            role: whose it is.
            name: what it is called.
            changes: it is taken for something that changes something, whatever comes of it.

        Raises:
            Died: its process was killed, so it must not pass.

        """
        told = [(role, self.phase, name), (role, self.phase, ANYTHING)]
        self.seen.update(told)
        if changes:
            self.changes(role, name)
        death = self._death
        if death is None or self.hit or death.point not in {Point(*what, self.seen[what]) for what in told}:
            return False
        self.hit = Point(*told[0], self.seen[told[0]])
        if death.edge == "after":
            return True
        self._kill(role)
        raise Died

    def passed(self, role: str, *, dies: bool) -> None:
        """It has passed, and whoever asked does not know yet.

        Raises:
            Died: its process was killed, so it must not learn.

        """
        if dies:
            self._kill(role)
            raise Died
