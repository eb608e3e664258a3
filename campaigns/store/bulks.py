"""Bulks: one verb on many runs. They are counted, listed once, and worked off in rounds by whichever process sweeps."""

from collections.abc import Sequence
from typing import Final, cast

import msgspec

from campaigns.errors import Conflict, Invalid, KeyReused, NotFound, NotYetDurable
from campaigns.keys import SECOND
from campaigns.model import Status, Stored
from campaigns.store.runs import Runs
from campaigns.store.scripts import Scripts
from campaigns.store.verbs import Answered, Command, Verb, Verbs, fits

MOST_RUNS: Final = 100_000
"""In one bulk; reading so many takes some seconds, and whoever means more says it in parts."""

LAID_AT_ONCE: Final = 1_000
"""Runs laid down by one call: a millisecond of Redis."""

ROUND: Final = 200
"""Runs that one sweep applies a verb to: less than a second, so that the sweep goes on."""

COMES_BACK: Final = 10 * SECOND
"""The turn of a process that died in it comes back after this."""


class Selection(msgspec.Struct, frozen=True):
    """Which runs a verb is applied to; None: any.

    Attributes:
        callers: whose.
        portals: where.
        since: accepted then or later (ms).
        until: accepted before then (ms).

    """

    callers: tuple[str, ...]
    portals: frozenset[str]
    recipe: str | None = None
    status: Status | None = None
    since: int | None = None
    until: int | None = None

    def selects(self, stored: Stored, verb: Verb) -> bool:
        """Whether *verb* is to be applied to a run of the callers and times, and would change something."""
        return (
            stored.run.portal in self.portals
            and self.recipe in {None, stored.run.recipe}
            and self.status in {None, stored.status}
            and fits(stored, verb)
        )


class Bulk(msgspec.Struct, frozen=True):
    """A verb on many runs.

    Attributes:
        began: when it began (Redis's time).
        by: the caller who wanted it.
        count: of its runs in the beginning.
        left: of its runs that the verb is still to be applied to.
        retention: how long a run stays that ends at once (ms).

    """

    id: str
    began: int
    verb: Verb
    by: str
    count: int
    left: int
    retention: int


class Worked(msgspec.Struct, frozen=True):
    """What a round came to: how many runs it took, which portals must be called, and whether the notify job must be."""

    runs: int
    portals: tuple[str, ...]
    notify: bool


class Bulks:
    """Verbs on many runs."""

    def __init__(self, scripts: Scripts, runs: Runs, verbs: Verbs) -> None:
        self._scripts = scripts
        self._runs = runs
        self._verbs = verbs

    async def listed(self, selection: Selection, verb: Verb) -> tuple[str, ...]:
        """The ids of the runs that *verb* would be applied to.

        Raises:
            Invalid: they are too many for one bulk.

        """
        found: list[str] = []
        for caller in selection.callers:
            async for stored in self._runs.walk(caller, selection.since, selection.until):
                if selection.selects(stored, verb):
                    found.append(stored.run.id)
                if len(found) > MOST_RUNS:
                    raise Invalid(f"these are more than {MOST_RUNS} runs: say from when to when")
        return tuple(found)

    async def known(self, command: Command) -> str | None:
        """The id of the bulk that this command began before; None when it did not.

        Raises:
            KeyReused: its key names another command.

        """
        before = await self._scripts.run("applied", command.once, command.mark)
        return _id(before) if before is not None else None

    async def begin(self, bulk_id: str, verb: Verb, runs: Sequence[str], command: Command) -> str:
        """Begin to apply *verb* to *runs*; the bulk's id, another one if this command has begun one before.

        Nothing happens to any run before all have been laid down; then nothing can stop it any more.

        Raises:
            KeyReused: the command's key names another command.
            NotYetDurable: too few replicas have confirmed it; a repeat under the same key tells whether it has begun.

        """
        told = f"{verb} {command.by} {len(runs)} {command.retention}"
        parts = [runs[i : i + LAID_AT_ONCE] for i in range(0, len(runs), LAID_AT_ONCE)] or [()]
        for number, part in enumerate(parts):
            more = number + 1 < len(parts)
            (outcome, again), durable = await self._scripts.run_and_wait(
                "begin_bulk",
                bulk_id,
                command.once,
                command.mark,
                "" if more else told,
                number * LAID_AT_ONCE,
                *part,
            )
            if not durable:
                raise NotYetDurable
            if again or not more:
                return _id(outcome)
        raise AssertionError("the last part begins the bulk")

    async def read(self, bulk_id: str) -> Bulk:
        """The bulk of that id.

        Raises:
            NotFound: there is none.

        """
        answer = await self._scripts.run("bulk", bulk_id)
        if answer is None:
            raise NotFound("there is no such bulk")
        return _bulk(bulk_id, answer[0], answer[1])

    async def work_off(self, most: int = ROUND) -> Worked | None:
        """Apply the verb of a bulk to its next runs; None when there is no bulk to work off."""
        taken = await self._scripts.run("take_bulk", most, COMES_BACK)
        if not taken:
            return None
        bulk_id, told, *runs = taken
        bulk = _bulk(bulk_id.decode(), told, len(runs))
        answers = [await self._apply(bulk, run.decode()) for run in runs]
        await self._scripts.run("leave_bulk", bulk.id, *runs)
        portals = dict.fromkeys(portal for answer in answers for portal in answer.calls)
        return Worked(len(runs), tuple(portals), notify=any(answer.notify for answer in answers))

    async def _apply(self, bulk: Bulk, run: str) -> Answered:
        command = Command(bulk.by, f"bulk {bulk.id}", run, bulk.retention)
        try:
            return await self._verbs.apply(bulk.verb, run, command)
        except (Conflict, NotFound):
            return Answered("done")  # somebody else has changed it since it was listed


def _bulk(bulk_id: str, told: bytes, left: int) -> Bulk:
    began, verb, by, count, retention = told.decode().split(" ")
    return Bulk(bulk_id, int(began), cast("Verb", verb), by, int(count), left, int(retention))


def _id(outcome: bytes) -> str:
    if outcome == b"reused":
        raise KeyReused("this key already names another command")
    return outcome.decode()
