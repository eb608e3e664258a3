"""Operators' verbs on runs: each applied once, in the run's history, and known again by its key."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, cast

import msgspec

from campaigns.errors import Conflict, KeyReused, NotFound, NotYetDurable, Unavailable
from campaigns.keys import RETENTION
from campaigns.model import Made, Stored
from campaigns.progress import can_be_undone, planned
from campaigns.states import Done, Sent
from campaigns.store import records
from campaigns.store.runs import Runs
from campaigns.store.scripts import ScriptName, Scripts
from campaigns.wishes import Undo

MOST_TRIES: Final = 20
"""A run in flight changes a few times a second; read afresh, it is met unchanged at once."""

Verb = Literal["cancel", "undo", "retry"]


class Command(msgspec.Struct, frozen=True):
    """An operator's wish to apply a verb.

    Attributes:
        by: the caller who wants it.
        once: what makes it known when it is repeated: `key <hash>`, `bulk <id>`, or "".
        mark: tells apart what is wanted under one key; for a bulk the run's id.
        retention: how long a run that ends at once stays readable (ms).

    """

    by: str
    once: str = ""
    mark: str = ""
    retention: int = RETENTION


class Answered(msgspec.Struct, frozen=True):
    """What a verb came to.

    Attributes:
        outcome: cancelled, the run has ended so; cancelling, it is on its way there; reopened, it goes on; done, the
            bulk has applied it before.
        again: it was applied before, and this is what it came to then.
        calls: portals that must be called.
        notify: the job that delivers callbacks must be enqueued.

    """

    outcome: Literal["cancelled", "cancelling", "reopened", "done"]
    again: bool = False
    calls: tuple[str, ...] = ()
    notify: bool = False


class Verbs:
    """Cancelling, undoing and retrying runs.

    Args:
        runs: where they are read.

    """

    def __init__(self, scripts: Scripts, runs: Runs) -> None:
        self._scripts = scripts
        self._runs = runs

    async def cancel(self, run_id: str, made: Made, command: Command) -> Answered:
        """End the run, at once or as soon as what it has begun allows; what it *made* is left, or undone.

        Raises:
            NotFound: there is no such run.
            Conflict: it has ended, and there is nothing to undo.
            KeyReused: the command's key names another command.
            NotYetDurable: it was done, but too few replicas have confirmed it; a repeat under the same key tells.

        """
        return await self.apply("undo" if made == "undo" else "cancel", run_id, command)

    async def retry(self, run_id: str, command: Command) -> Answered:
        """Let an ended run go on with what has failed or was not begun.

        Raises:
            NotFound: there is no such run.
            Conflict: it has not ended, or has nothing to retry.
            KeyReused, NotYetDurable: see `cancel`.

        """
        return await self.apply("retry", run_id, command)

    async def apply(self, verb: Verb, run_id: str, command: Command) -> Answered:
        """Apply *verb* to the run; raises as `cancel` and `retry`."""
        before = await self._scripts.run("applied", command.once, command.mark) if command.once else None
        if before is not None:
            return _answered([before, 0, 0, 1], "")
        for _ in range(MOST_TRIES):
            fields = await self._runs.fields(run_id)
            stored = records.read(fields)
            if why := objection(stored, verb):
                raise Conflict(why)
            if _is_over(stored, verb):
                return Answered("cancelled")
            answer = await (self._cancel if stored.ending is None else self._reopen)(stored, verb, command, fields)
            if answer[0] == b"gone":
                raise NotFound("there is no such run")
            if answer[0] != b"changed":
                return _answered(answer, stored.run.portal)
        raise Unavailable("the run changes all the time")

    async def _cancel(self, stored: Stored, verb: Verb, command: Command, fields: Mapping[str, bytes]) -> Sequence[Any]:
        made: Made = "undo" if verb == "undo" else "leave"
        run = msgspec.structs.replace(stored.run, cancel=made)
        steps = planned(run)
        begun = any(isinstance(step.state, Sent | Done) for step in steps)
        told = (run.id, stored.version, made, command.by, command.once, command.mark, command.retention)
        record = b"" if begun else records.folded(run)
        texts = (fields.get(f"s{number}", b"") for number in range(len(steps)))
        return await self._durably("cancel", *told, int(run.trigger.callbackurl is not None), record, *texts)

    async def _reopen(self, stored: Stored, verb: Verb, command: Command, _: Mapping[str, bytes]) -> Sequence[Any]:
        run = stored.run
        plan, fields = records.unfolded(run, "undo" if verb == "undo" else None)
        told = (run.id, stored.version, verb, command.by, command.once, command.mark, plan, *records.standing(run))
        return await self._durably("reopen", *told, *(part for row in fields.items() for part in row))

    async def _durably(self, script: ScriptName, *arguments: str | bytes | float) -> Sequence[Any]:
        answer, durable = await self._scripts.run_and_wait(script, *arguments)
        if not durable:
            raise NotYetDurable
        told: Sequence[Any] = answer
        return told


def objection(stored: Stored, verb: Verb) -> str | None:
    """Why *verb* cannot be applied to the run; None when it can, if only to find that it was before. Pure."""
    run, ending = stored.run, stored.ending
    match verb:
        case "cancel" if ending not in {None, "cancelled"}:
            undo = '; {"made": "undo"} removes what it has made' if can_be_undone(run) else ""
            return f"the run has ended: {ending}{undo}"
        case "undo" if ending not in {None, "cancelled"} and not can_be_undone(run):
            return "there is nothing in HubSpot that this run has made"
        case "retry" if ending is None:
            return "the run has not ended"
        case "retry" if any(isinstance(step.wish, Undo) and isinstance(step.state, Done) for step in run.steps):
            return "something of the run was undone"
        case "retry" if ending in {"done", "superseded"}:
            return f"nothing of the run has failed: {ending}"
        case _:
            return None


def fits(stored: Stored, verb: Verb) -> bool:
    """Whether *verb* would change anything about the run."""
    if objection(stored, verb) is not None or _is_over(stored, verb):
        return False
    return stored.ending is not None or stored.run.cancel not in {"undo", "leave" if verb == "cancel" else "undo"}


def _is_over(stored: Stored, verb: Verb) -> bool:
    """Whether the run has ended in the way that *verb* asks for."""
    return stored.ending == "cancelled" and (verb == "cancel" or (verb == "undo" and not can_be_undone(stored.run)))


def _answered(answer: Sequence[Any], portal: str) -> Answered:
    outcome, call, notify, again = answer
    if outcome == b"reused":
        raise KeyReused("this key already names another command")
    told = cast("Literal['cancelled', 'cancelling', 'reopened', 'done']", outcome.decode())
    return Answered(told, again=bool(again), calls=(portal,) if call else (), notify=bool(notify))
