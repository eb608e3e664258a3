"""Attempts declared absent: each leaves a ghost, which is looked for in case it appears after all."""

import msgspec

from campaigns import ghosts
from campaigns.ghosts import Ghost
from campaigns.model import Run
from campaigns.signing import marker_of
from campaigns.store.portals import Saved
from workers.clock import Clock
from workers.journal import Journal


class Absences(msgspec.Struct, frozen=True):
    """What attempts of a portal's runs leave behind when another one counts.

    Attributes:
        looks: spans after an attempt declared absent at which it is looked for again (ms).

    """

    journal: Journal
    clock: Clock
    looks: tuple[int, ...]

    def ghost(self, run: Run, step: str, attempt: int) -> tuple[Ghost, int] | None:
        """The ghost of a step's attempt, and when it is looked for: once at the least; None where none can appear."""
        ghost, now = ghosts.of_step(run, step, marker_of(run, attempt)), self.clock.now()
        if ghost is None or not self.looks:
            return None
        return ghost, ghosts.next_look(attempt, now, self.looks) or now

    async def declare(self, run: Run, step: str, attempt: int) -> None:
        """Save the ghost of an attempt after which the next is made at once.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        await self.journal.save(Saved(run, answered=False, ghost=self.ghost(run, step, attempt)))
