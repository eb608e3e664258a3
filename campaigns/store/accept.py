"""Acceptance: what makes a 202 true. All that arrives together is stored by one call of one script."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, cast

import msgspec

from campaigns.errors import NotYetDurable
from campaigns.model import Run
from campaigns.store import records
from campaigns.store.gather import Gather
from campaigns.store.scripts import Scripts

MOST_AT_ONCE: Final = 100
"""A script holds Redis for about 20 us a run: a hundred keep every other client waiting for no more than 2 ms."""


_Told = tuple[Run, tuple[str | int, ...], bytes]
"""A wish, what the script decides about it by, and the plan that it only keeps."""


class Wish(msgspec.Struct, frozen=True):
    """A run to accept, under the key that names it.

    Attributes:
        key: `keys.key_hash` of the caller's key.
        fingerprint: `keys.fingerprint` of the trigger.

    """

    run: Run
    key: str
    fingerprint: str


class Accepted(msgspec.Struct, frozen=True):
    """What became of a wish.

    Attributes:
        outcome: accepted; replayed, the same wish was accepted before; reused, the key names another wish.
        run: id of the run under this key.
        portal: the portal of that run.
        status: its status when it was accepted, so that a repeat gets the same answer.
        calls: portals that nobody serves: enqueue their RQ job.

    """

    outcome: Literal["accepted", "replayed", "reused"]
    run: str
    portal: str
    status: Literal["held", "waiting"]
    calls: tuple[str, ...] = ()


class Acceptance:
    """Accepts wishes, those that arrive together in one round trip.

    Args:
        scripts: of the Redis that stores them.
        admit: asked before each round trip; raises Unavailable while Redis must not take more.

    """

    def __init__(self, scripts: Scripts, admit: Callable[[], Awaitable[None]]) -> None:
        self._scripts = scripts
        self._admit = admit
        self._gather = Gather(self._carry, most=MOST_AT_ONCE)

    async def accept(self, wish: Wish) -> Accepted:
        """Store *wish* unless its key is known; when this returns, it is durable.

        Raises:
            StoreFull: Redis has no room for more.
            NotYetDurable: it is stored, but too few replicas have confirmed it; a repeat is its replay.
            Unavailable: Redis did not confirm it; it may have been stored, and a repeat is its replay.

        """
        return await self._gather.add(_told(wish))  # made here: a fault in one is not the others'

    async def _carry(self, together: Sequence[_Told]) -> Sequence[Accepted]:
        await self._admit()
        # In one piece, as redis-py takes its time for each argument; but Lua's MessagePack reads no bytes.
        heads, plans = msgspec.msgpack.encode([head for _, head, _ in together]), (plan for _, _, plan in together)
        # It always writes, if only its counter: so the replicas that have heard of that have heard of all before it.
        (calls, *parts), durable = await self._scripts.run_alone("accept", heads, *plans)
        if not durable:
            raise NotYetDurable
        answers = [Accepted("accepted", run.id, run.portal, "waiting") for run, _, _ in together]
        for i in range(0, len(parts), 5):
            answers[parts[i] - 1] = _accepted(parts[i + 1 : i + 5])
        if calls:  # the first of those that came together sees to the calls of all
            answers[0] = msgspec.structs.replace(answers[0], calls=tuple(portal.decode() for portal in calls))
        return answers


def _told(wish: Wish) -> _Told:
    run = wish.run
    head = (
        wish.key,
        wish.fingerprint,
        run.id,
        run.caller,
        run.portal,
        *records.standing(run),
        run.trigger.notbefore or 0,
    )
    return run, head, records.plan(run)


def _accepted(parts: Sequence[bytes]) -> Accepted:
    outcome, run, portal, status = (part.decode() for part in parts)
    return Accepted(
        outcome=cast("Literal['accepted', 'replayed', 'reused']", outcome),
        run=run,
        portal=portal,
        status=cast("Literal['held', 'waiting']", status),
    )
