"""Portals that are left alone: parked by trouble until a probe, or paused by an operator until resumed."""

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec

from campaigns.errors import KeyReused
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


class Switched(msgspec.Struct, frozen=True):
    """What pausing or resuming a portal came to.

    Attributes:
        changed: whether it was otherwise before.
        call: the portal must be called.
        again: it was done before, and nothing is done now.

    """

    changed: bool
    call: bool
    again: bool


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

    async def pause(self, portal: str, who: str, *, once: str = "", mark: str = "") -> Switched:
        """Leave *portal* alone until it is resumed. *once* and *mark* make a repeat known, as in `verbs.Command`.

        Raises:
            KeyReused: the key names another command.

        """
        return _switched(await self._scripts.run("pause", portal, 1, who, once, mark))

    async def resume(self, portal: str, *, once: str = "", mark: str = "") -> Switched:
        """Let *portal* go on; arguments and errors as of `pause`."""
        return _switched(await self._scripts.run("pause", portal, 0, "", once, mark))


def _switched(answer: Sequence[Any]) -> Switched:
    outcome, changed, call, again = answer
    if outcome == b"reused":
        raise KeyReused("this key already names another command")
    return Switched(bool(changed), call=bool(call), again=bool(again))
