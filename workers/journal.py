"""Saving what became of a portal's runs: together where they come together, and across Redis's absences."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from campaigns.store.gather import Gather
from campaigns.store.patience import ride_out
from campaigns.store.portals import Finished, Lease, Portals, Saved
from workers.clock import Clock
from workers.ranks import Ranks

MOST_AT_ONCE: Final = 50
"""Finishing folds a whole run: fifty keep Redis busy for about a millisecond."""


class Journal:
    """The saves of one portal's holder.

    Args:
        ranks: are told what the runs go by.
        retention: how long an ended run stays (ms).
        call_notify: enqueues the job that delivers callbacks.

    """

    def __init__(
        self,
        portals: Portals,
        lease: Lease,
        clock: Clock,
        *,
        ranks: Ranks,
        retention: int,
        call_notify: Callable[[], Awaitable[None]],
    ) -> None:
        self._portals = portals
        self._lease = lease
        self._clock = clock
        self._ranks = ranks
        self._retention = retention
        self._call_notify = call_notify
        self._saves: Gather[Saved, int] = Gather(self._save, most=MOST_AT_ONCE)
        self._ends: Gather[Finished, tuple[bool, int | None]] = Gather(self._finish, most=MOST_AT_ONCE)

    async def save(self, change: Saved) -> int:
        """Save what became of a step; Redis's time, or when the run goes on that is to wait.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        return await self._saves.add(change)

    async def finish(self, end: Finished) -> tuple[bool, int | None]:
        """End a run: whether it ended, or was changed meanwhile; and Redis's time when there is work in the line.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        return await self._ends.add(end)

    async def _save(self, changes: Sequence[Saved]) -> Sequence[int]:
        now, priorities, recalled = await ride_out(lambda: self._portals.save(self._lease, changes))
        self._clock.heard(now)
        for change, priority in zip(changes, priorities, strict=True):
            self._ranks.goes_by(change.run, priority)
        return [
            now if at_once or change.place != "waiting" else now + change.span
            for change, at_once in zip(changes, recalled, strict=True)
        ]

    async def _finish(self, ends: Sequence[Finished]) -> Sequence[tuple[bool, int | None]]:
        call, ended, work = await ride_out(lambda: self._portals.finish(self._lease, ends, self._retention))
        if call:
            await self._call_notify()
        return [(one, work) for one in ended]
