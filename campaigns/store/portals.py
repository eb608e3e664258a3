"""Serving a portal: its lease, the runs claimed from its line, and the journal of what is sent for them."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import msgspec

from campaigns.errors import Newer
from campaigns.ghosts import Ghost
from campaigns.model import PRIORITIES, Ending, Priority, Run, Stored, Subject
from campaigns.progress import repeatable
from campaigns.quota import WINDOW, Limit
from campaigns.states import Sent, State
from campaigns.store import records
from campaigns.store.scripts import Scripts

ONCE_MORE: Final = 100
"""Milliseconds before replicas are waited for once more; waiting for them has taken a second."""


class LeaseLost(Exception):
    """The portal is no longer ours: stop; whoever holds it carries on from what was saved."""


class Lease(msgspec.Struct, frozen=True):
    """The right to serve a portal.

    Attributes:
        process: names the channel on which the holder is woken.
        token: never used twice; every save compares it.

    """

    portal: str
    process: str
    token: str

    def __str__(self) -> str:
        """As it stands in Redis."""
        return f"{self.process} {self.token}"


class Claimed(msgspec.Struct, frozen=True):
    """Runs taken from the line.

    Attributes:
        now: Redis's time.
        next_work: when there is more to claim without being told; None: not until told.
        ghosts: whether some are to be looked for.
        paused: an operator wants the portal to be left alone.
        unreadable: ids of runs that only a newer release can carry on: they go back with the lease.

    """

    now: int
    next_work: int | None
    ghosts: bool
    paused: bool
    runs: tuple[Stored, ...]
    unreadable: tuple[str, ...] = ()


class Call(msgspec.Struct, frozen=True):
    """A call about to leave for HubSpot.

    Attributes:
        place: names its place in the quota; no two calls have the same.
        lasts: milliseconds after which it has surely ended.
        steps: the runs for which it changes something, each with the name of its step and the state of being sent.

    """

    place: str
    lasts: int
    steps: tuple[tuple[Run, str, Sent], ...] = ()


class Granted(msgspec.Struct, frozen=True):
    """The call is journalled and may leave; *at* is the attempt of all its steps."""

    at: int


class Full(msgspec.Struct, frozen=True):
    """The quota has no place; one may be free after *wait* milliseconds."""

    wait: int


class Unheard(msgspec.Struct, frozen=True):
    """Too few replicas have heard of the call: it must not leave; ask again after *wait* milliseconds.

    It stands as sent in the journal nevertheless. Asking again gives it a new attempt; if nobody does, its steps are
    in doubt and looked for like any whose answer is missing.
    """

    wait: int


class Withdrawn(msgspec.Struct, frozen=True):
    """The call may not leave: operators want these *runs* to end, or the clock was set back behind their last state."""

    runs: frozenset[str]


class Saved(msgspec.Struct, frozen=True):
    """What became of a step, to be saved.

    Attributes:
        step: name of the step; None changes none and only moves the run.
        at: keeps the step's time; 0 stamps it.
        place: flight keeps the run in hand; waiting gives it back until *span* has passed; line gives it back now.
        answered: no call of the run is without an answer any more.
        ghost: what the step's last attempt leaves behind, and when it is looked for.
        subject: what is kept of the run's subject from now on (`subject_changes.changes`); None: what was kept.

    """

    run: Run
    step: str | None = None
    state: State | None = None
    at: int = 0
    place: Literal["flight", "waiting", "line"] = "flight"
    span: int = 0
    answered: bool = True
    ghost: tuple[Ghost, int] | None = None
    subject: Subject | None = None


class Finished(msgspec.Struct, frozen=True):
    """How a run ended, to be saved if its version is still *version*.

    Attributes:
        run: a step that was done at its very end bears no time: it is that of the end.
        subject: what is kept of its subject since its last step; None: what was kept.

    """

    run: Run
    version: int
    ending: Ending
    subject: Subject | None = None


class Portals:
    """The portals' leases, lines and journals."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def take(self, lease: Lease, settle: int) -> int | None:
        """Redis's time when *lease* is ours now; None while somebody else serves the portal."""
        now = await self._scripts.run("take", lease.portal, str(lease), settle)
        return int(now) if now is not None else None

    async def renew(self, leases: Sequence[Lease]) -> dict[str, Literal["lost", "renewed", "work"]]:
        """What became of each portal's lease: lost, renewed, or renewed and there is work in its line."""
        told = (part for lease in leases for part in (lease.portal, str(lease)))
        _, *states = await self._scripts.run("renew", *told)
        words: tuple[Literal["lost", "renewed", "work"], ...] = ("lost", "renewed", "work")
        return {lease.portal: words[state] for lease, state in zip(leases, states, strict=True)}

    async def share(self) -> int:
        """How many portals one process should serve: those with work, by the processes that could, rounded up."""
        return int(await self._scripts.run("share"))

    async def claim(self, lease: Lease, most: int, most_high: int, *, in_hand: Iterable[str] | None = None) -> Claimed:
        """Up to *most* runs from the line, and up to *most_high* more of priority high.

        Args:
            lease: of the portal.
            most: how many.
            most_high: how many more.
            in_hand: to be named when the answer to an earlier claim may have been lost: the runs that the holder knows
                it has; what was claimed beside them goes back into the line first.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        again = ("again", *in_hand) if in_hand is not None else ()
        now, next_work, ghosts, paused, *flat = _held(
            await self._scripts.run("claim", lease.portal, str(lease), most, most_high, *again)
        )
        runs, unreadable = [], []
        for i in range(0, len(flat), 3):
            try:
                runs.append(_claimed(flat[i + 1], flat[i + 2]))
            except Newer:
                unreadable.append(flat[i].decode())
        return Claimed(
            now=now,
            next_work=next_work if next_work >= 0 else None,
            ghosts=bool(ghosts),
            paused=bool(paused),
            runs=tuple(runs),
            unreadable=tuple(unreadable),
        )

    async def send(self, lease: Lease, call: Call, limit: Limit) -> Granted | Full | Unheard | Withdrawn:
        """Take a place for *call* and save that its steps are sent; only then may it leave.

        A call that makes something leaves only when the replicas know of it: else the one that takes over would have
        it made again.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        steps = [part for step in call.steps for part in _sent(*step)]
        told = (lease.portal, str(lease), limit.per_window, WINDOW, call.lasts, call.place)
        makes = not all(repeatable(run.step(step).wish) for run, step, _ in call.steps)
        (outcome, *rest), heard = await self._scripts.run_and_wait("send", *told, *steps, wait=makes)
        match outcome:
            case 1:
                return Granted(at=rest[0]) if heard else Unheard(wait=ONCE_MORE)
            case 0:
                return Full(wait=rest[0])
            case -1:
                raise LeaseLost
            case _:
                return Withdrawn(frozenset(run.decode() for run in rest))

    async def answered(self, portal: str, places: Sequence[str]) -> None:
        """The calls in *places* have ended: their places are free one window from now."""
        await self._scripts.run("answered", portal, WINDOW, *places)

    async def save(self, lease: Lease, changes: Sequence[Saved]) -> tuple[int, tuple[Priority, ...], tuple[bool, ...]]:
        """Save what became of steps.

        Returns:
            Redis's time, which the steps now bear; for each run the priority it goes by, its own or its lane's, and
            whether it goes on at once wherever it was to go: operators want it to end.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        parts = (part for change in changes for part in _saved(change))
        now, *told = _held(await self._scripts.run("save", lease.portal, str(lease), *parts))
        own = (change.run.trigger.priority for change in changes)
        priorities = (PRIORITIES[band] if band >= 0 else mine for band, mine in zip(told[::2], own, strict=True))
        return now, tuple(priorities), tuple(bool(recalled) for recalled in told[1::2])

    async def finish(
        self, lease: Lease, ends: Sequence[Finished], retention: int
    ) -> tuple[bool, tuple[bool, ...], int | None]:
        """End runs: each leaves its lane to the next, and its callback is due.

        Returns:
            whether the notify job must be enqueued; for each run whether it ended: its version was the expected; and
            Redis's time when there is work in the line, the next of a lane or any other.

        Raises:
            LeaseLost: the portal is no longer ours.

        """
        parts = (part for end in ends for part in _ended(end))
        call, work, *flags = _held(await self._scripts.run("finish", lease.portal, str(lease), retention, *parts))
        return bool(call), tuple(bool(flag) for flag in flags), work if work >= 0 else None

    async def release(self, lease: Lease, settle: int, *, anyway: bool) -> Literal["released", "call", "work"]:
        """Give *lease* back: released; released, and the portal must be called; or kept, as there is work."""
        outcome, *call = await self._scripts.run("release", lease.portal, str(lease), settle, int(anyway))
        if not outcome:
            return "work"
        return "call" if call and call[0] else "released"


def _claimed(run: Sequence[bytes], subject: Sequence[bytes]) -> Stored:
    stored = records.read(records.pairs(run))
    return msgspec.structs.replace(stored, subject=records.subject(records.pairs(subject)))


def _held(answer: Any) -> Any:  # noqa: ANN401 - each script's own answer
    if answer is None:
        raise LeaseLost
    return answer


def _sent(run: Run, step: str, sent: Sent) -> tuple[str | bytes, ...]:
    return (run.id, records.field(run, step), records.state(sent), run.cancel or "")


def _ended(end: Finished) -> tuple[str | bytes | int, ...]:
    run, kept = end.run, records.kept(end.subject)
    return run.id, end.version, end.ending, int(bool(run.trigger.callbackurl)), records.folded(run), *kept


def _saved(change: Saved) -> tuple[str | bytes | float, ...]:
    run, kept = change.run, records.kept(change.subject)
    field = records.field(run, change.step) if change.step else ""
    state = records.state(change.state) if change.state is not None else b""
    ghost, look = (str(change.ghost[0]), change.ghost[1]) if change.ghost else ("", 0)
    return run.id, change.place, change.span, int(change.answered), field, change.at, state, ghost, look, *kept
