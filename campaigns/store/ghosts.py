"""The ghosts of a portal: which are to be looked for, and what a look came to."""

from collections.abc import Sequence
from typing import Final

import msgspec

from campaigns import ghosts
from campaigns.ghosts import Ghost
from campaigns.keys import SECOND
from campaigns.store.portals import Lease, LeaseLost
from campaigns.store.scripts import Scripts

MOST_AT_ONCE: Final = 100
"""Ghosts looked for by one walk; more follow in the next round."""

COMES_BACK: Final = 15 * SECOND
"""A ghost whose look was not saved, as its process was killed, is looked for again after this."""


class Looked(msgspec.Struct, frozen=True):
    """What a look for a ghost came to.

    Attributes:
        next_look: when it is looked for again; None: never.
        shown: id of what has appeared and people must decide about.

    """

    ghost: Ghost
    next_look: int | None
    shown: str | None = None


class Ghosts:
    """The attempts declared absent that may still appear."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def due(self, lease: Lease) -> tuple[Ghost, ...]:
        """The ghosts of the lease's portal that are to be looked for now.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        answer = await self._scripts.run("ghosts", lease.portal, str(lease), MOST_AT_ONCE, COMES_BACK)
        if answer is None:
            raise LeaseLost
        found = (ghosts.read(text.decode()) for text in answer[1:])
        return tuple(ghost for ghost in found if ghost is not None)

    async def shown(self, portal: str) -> dict[str, int]:
        """What people must decide about on *portal*: ghost and the id of what has appeared -> since when."""
        flat = await self._scripts.run("shown_ghosts", portal)
        return {flat[i].decode(): int(float(flat[i + 1])) for i in range(0, len(flat), 2)}

    async def save(self, lease: Lease, looked: Sequence[Looked]) -> None:
        """Save what looks came to.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        parts = (part for one in looked for part in (str(one.ghost), one.next_look or 0, one.shown or ""))
        if await self._scripts.run("save_ghosts", lease.portal, str(lease), *parts) is None:
            raise LeaseLost
