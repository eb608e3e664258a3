"""Portals that are left alone: parked by trouble until a probe, or paused by an operator until resumed."""

from typing import Final, cast

import msgspec

from campaigns.parking import Reason
from campaigns.store import records
from campaigns.store.portals import Lease, LeaseLost
from campaigns.store.scripts import Scripts

MOST_TOLD: Final = 300
"""Letters of a problem that are kept: enough to act on."""


class Trouble(msgspec.Struct, frozen=True):
    """What is known of a portal's trouble.

    Attributes:
        why: it is parked for this reason; None when it is not parked.
        until: when it is probed.
        pause: how long it was left alone this time (ms).
        since: when its trouble began; still told when that is over.
        problem: what its last call ended in.
        paused: when an operator paused it, and who; None when nobody did.
        recovered: when it was last well again; 0 when that is long ago.

    """

    why: Reason | None = None
    until: int = 0
    pause: int = 0
    since: int = 0
    problem: str = ""
    paused: str | None = None
    recovered: int = 0


class Parked:
    """The portals' troubles."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def of(self, portal: str) -> Trouble:
        """What is known of *portal*."""
        fields = records.pairs(await self._scripts.run("parked", portal))
        told = {name: value.decode() for name, value in fields.items()}
        return Trouble(
            why=cast("Reason | None", told.get("why")),
            until=int(float(told.get("until", 0))),
            pause=int(float(told.get("pause", 0))),
            since=int(float(told.get("since", 0))),
            problem=told.get("problem", ""),
            paused=told.get("paused"),
            recovered=int(float(told.get("recovered", 0))),
        )

    async def park(self, lease: Lease, why: Reason, span: int, problem: str) -> int:
        """Leave the lease's portal alone for *span* ms, and tell the callers that wait for it; Redis's time.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        now = await self._scripts.run("park", lease.portal, str(lease), why, span, problem[:MOST_TOLD])
        if now is None:
            raise LeaseLost
        return int(now)

    async def unpark(self, lease: Lease, calm: int) -> int:
        """The lease's portal is well again; Redis's time.

        Callers are told of it when it has been well for *calm* ms: trouble that comes back before is the same trouble.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        now = await self._scripts.run("unpark", lease.portal, str(lease), calm)
        if now is None:
            raise LeaseLost
        return int(now)

    async def pause(self, portal: str, who: str) -> bool:
        """Leave *portal* alone until it is resumed; whether that changes something."""
        changed, _ = await self._scripts.run("pause", portal, 1, who)
        return bool(changed)

    async def resume(self, portal: str) -> tuple[bool, bool]:
        """Let *portal* go on; whether that changes something, and whether it must be called."""
        changed, call = await self._scripts.run("pause", portal, 0, "")
        return bool(changed), bool(call)
