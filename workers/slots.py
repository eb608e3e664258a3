"""How many runs a process has in hand at once, shared by the portals that it serves. Pure."""

from typing import Final

OF_A_PORTAL: Final = 100
"""Runs of one portal in hand at once: five seconds of work at HubSpot's limit, so no place is ever left unused."""

FOR_HIGH: Final = 20
"""Beyond them, for runs of priority high: a backlog never makes them wait for a slot."""

OF_A_PROCESS: Final = 1_000
"""Runs of all portals: ten that have all they can use. What they take of memory and of the loop stays bounded."""


class Slots:
    """The slots of one process. A portal may always have its fair part; more, while others leave it room."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._taken = 0

    def free(self, portal: str, in_hand: int) -> int:
        """How many more runs of *portal* may be taken, when so many are *in_hand*."""
        return max(0, self._part(portal) - in_hand)

    def free_for_high(self, portal: str, in_hand: int) -> int:
        """How many more of priority high, beyond those that are `free`."""
        return max(0, FOR_HIGH - max(0, in_hand - self._part(portal)))

    def _part(self, portal: str) -> int:
        portals = len(self._of) + (portal not in self._of)
        fair = max(1, OF_A_PROCESS // portals)
        room = OF_A_PROCESS - self._taken + self._of.get(portal, 0)
        return min(OF_A_PORTAL, max(fair, room))

    def ask(self, portal: str, in_hand: int) -> int:
        """As `free`; these count as taken until `has` tells what came of it."""
        free = self.free(portal, in_hand)
        self.has(portal, in_hand + free)
        return free

    def has(self, portal: str, number: int) -> None:
        """So many runs of *portal* are in hand."""
        self._taken += number - self._of.get(portal, 0)
        self._of[portal] = number

    def leave(self, portal: str) -> None:
        """Nobody here serves *portal* any more."""
        self._taken -= self._of.pop(portal, 0)
