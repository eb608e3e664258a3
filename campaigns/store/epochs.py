"""Epochs: times after a Redis was new, lost or restored, in which HubSpot may know more than we do."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from campaigns.store.scripts import Scripts

MOST_AT_ONCE: Final = 500
"""Runs saved by one call: a millisecond of Redis."""


class Epoch(msgspec.Struct, frozen=True):
    """An epoch that is in force for a portal.

    Attributes:
        began: whatever was stored before may be older than what HubSpot has.
        why: birth, the record of our beginning was missing; failover, a replica has taken over, and may not have heard
            of all; restored, an operator said so.
        walked: the portal has been walked to its end, and what was found is saved.

    """

    began: int
    why: Literal["birth", "failover", "restored"]
    walked: bool

    def counts(self, *, on_this_machine: bool) -> bool:
        """Whether it does for a portal: a simulator beside us is as new as our Redis, and its birth is no epoch."""
        return self.why != "birth" or not on_this_machine


class Epochs:
    """Whether an epoch is in force, and what its walks have found.

    Args:
        lasts: as long as keys live (ms): nothing that is older can be asked for again.
        replicas: whether there are some that may take over.

    """

    def __init__(self, scripts: Scripts, lasts: int, *, replicas: bool = False) -> None:
        self._scripts = scripts
        self._lasts = lasts
        self._replicas = replicas

    async def born(self, installation: str) -> bool:
        """Write the birth record if there is none, or only another server's; whether an epoch has begun with it."""
        return bool(await self._scripts.run("birth", installation, self._lasts, int(self._replicas)))

    async def begin(self) -> None:
        """Begin an epoch: an operator has restored an older Redis."""
        await self._scripts.run("begin_epoch", "restored", self._lasts)

    async def end(self) -> None:
        """End an epoch: an operator knows that there is nothing of ours in HubSpot."""
        await self._scripts.run("begin_epoch", "", self._lasts)

    async def of(self, portal: str) -> Epoch | None:
        """The epoch that is in force for *portal*; None when there is none."""
        began, why, walked = await self._scripts.run("epoch", portal)
        if not began:
            return None
        return Epoch(began, why.decode(), bool(walked))

    async def save(self, portal: str, epoch: Epoch, found: Mapping[str, str]) -> None:
        """Save what the complete walk of *portal* has found: run id -> campaign."""
        rows = list(found.items())
        for start in range(0, len(rows), MOST_AT_ONCE):
            part = (text for row in rows[start : start + MOST_AT_ONCE] for text in row)
            await self._scripts.run("save_found", portal, epoch.began, self._lasts, 0, *part)
        await self._scripts.run("save_found", portal, epoch.began, self._lasts, 1)

    async def found(self, portal: str, run: str) -> str | None:
        """The campaign that the walk of *portal* found for *run*."""
        campaign = await self._scripts.run("found", portal, run)
        return campaign.decode() if campaign else None
