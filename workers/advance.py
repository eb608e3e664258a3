"""The way of one run, from its claim until it waits or ends: ask `progress` for the next move, make it, save it."""

from collections.abc import Callable
from typing import Any, Final, assert_never

import msgspec
import structlog

from campaigns.errors import CampaignsError, InDoubt, Later
from campaigns.ghosts import Ghost
from campaigns.keys import SECOND
from campaigns.lanes import replaced, resolve
from campaigns.model import Run, Step, Stored, Subject
from campaigns.observe import PortalWork, named, outcome_of
from campaigns.progress import Do, Finish, Move, Reconcile, Wait, next_move, repeatable, settled_at, with_undoing
from campaigns.retry import after_absence, after_failure, pause
from campaigns.signing import marker_of
from campaigns.states import Done, Receipt, Sent, State, Waiting
from campaigns.store import subject_changes
from campaigns.store.portals import Finished, LeaseLost, Saved
from campaigns.wishes import CreateCampaign, Undo, kind_of
from workers.absences import Absences
from workers.calls import Recalled, Stopping
from workers.clock import Clock
from workers.creates import Came
from workers.epoch import Past
from workers.expected import Expected
from workers.journal import Journal
from workers.steps import Ways, perform, reconcile

log = structlog.get_logger()


class Advancing(msgspec.Struct, frozen=True):
    """What a portal's runs need to advance.

    Attributes:
        past: what HubSpot may know of the portal's runs and we do not.
        settle: the portal's settle window (ms).
        chance: gives a random number in [0, 1).
        stopping: whether the process is going; then no run begins anything new.
        expected: is told that a callback is about to be due.

    """

    ways: Ways
    past: Past
    journal: Journal
    clock: Clock
    settle: int
    absences: Absences
    chance: Callable[[], float]
    stopping: Callable[[], bool]
    expected: Expected
    counts: PortalWork


class Gone(msgspec.Struct, frozen=True):
    """The run is out of our hands; *until* when it or another one can be claimed, if that is known."""

    until: int | None


AFTER_A_FAULT: Final = 60_000
"""A run that our own code cannot carry on is tried again each minute: nobody else waits for it, and a fix may come."""


async def advance(on: Advancing, stored: Stored) -> int | None:
    """Advance one claimed run until it waits, ends, or the process goes; when more can be claimed, if that is known.

    Raises:
        LeaseLost: the portal is no longer ours.

    """
    ranks = on.ways.calls.ranks
    ranks.goes_by(stored.run, stored.priority or stored.run.trigger.priority)
    try:
        return await _advance(on, stored)
    except LeaseLost:
        raise
    except Stopping:
        return None
    except Recalled:
        return await on.journal.save(Saved(stored.run, place="line"))  # to be read again
    except Exception:
        log.exception("run.fault", **named(stored.run))
        return (await _wait(on, stored.run, AFTER_A_FAULT)).until
    finally:
        ranks.forget(stored.run)


async def _advance(on: Advancing, stored: Stored) -> int | None:
    run: Run | Gone
    run = replaced(stored.run) if stored.replaced else resolve(stored.run, stored.order, stored.subject)
    while isinstance(run, Run) and not on.stopping():
        run = with_undoing(run)
        run = await _make(on, stored, run, next_move(run, on.clock.now(), on.settle))
    return run.until if isinstance(run, Gone) else None


async def _make(on: Advancing, stored: Stored, run: Run, move: Move) -> Run | Gone:
    """The run after *move*, or that it is out of our hands."""
    match move:
        case Do(step=step):
            return await _do(on, stored, run, step)
        case Reconcile(step=step, conclusive=conclusive):
            return await _reconcile(on, stored, run, step, conclusive=conclusive)
        case Wait(until=until):
            return await _wait(on, run, until - on.clock.now())
        case Finish(ending=ending):
            return await _finish(on, stored, Finished(run, stored.version, ending))
        case _:
            assert_never(move)


async def _do(on: Advancing, stored: Stored, run: Run, step: Step) -> Run | Gone:
    try:
        forgotten = await on.past.receipt(on.ways, run, step)
    except Later as error:
        return await _wait(on, run, _pause(on, error))
    if forgotten:
        log.info("step.remembered", **named(run), step=step.name)
        return await _done(on, stored, run, step, forgotten)
    return await _send(on, stored, run, step)


async def _send(on: Advancing, stored: Stored, run: Run, step: Step) -> Run | Gone:
    if run.trigger.callbackurl is not None and step is run.steps[-1]:
        on.expected.soon()
    tries, since = (step.state.tries, step.state.since) if isinstance(step.state, Waiting) else (0, 0)
    sent = Sent(on.ways.calls.deadline, tries, since, makes=not repeatable(step.wish))
    began = on.clock.now()
    try:
        came = await perform(on.ways, run, step, sent, stored)
    except Later as later:
        return await _wait(on, run, _pause(on, later))  # nothing has left: the step is as it was
    _attempted(on, run, step, came, tries, on.clock.now() - began)
    match came.outcome:
        case Receipt() as receipt:
            return await _done(on, stored, run, step, receipt, attempt=came.at)
        case InDoubt() as doubt:
            # The call has ended without an answer: it is known now how long it lasted.
            lasted = min(max(on.clock.now() - came.at, 1), sent.lasts)
            sent = msgspec.structs.replace(sent, lasts=lasted, problem=doubt.problem)
            return await _saved(on, run, step, sent, at=came.at)
        case failure:
            state = after_failure(failure, sent, came.at, **_now(on))
            return await _saved(on, run, step, state)


def _attempted(on: Advancing, run: Run, step: Step, came: Came, tries: int, span: int) -> None:
    """Count an attempt that took *span* ms, and write all that is known of it into one line."""
    error = came.outcome if isinstance(came.outcome, CampaignsError) else None
    on.counts.attempted(kind_of(step.wish), error, span)
    problem = error.problem if error else None
    log.info(
        "step.attempted",
        **named(run),
        step=step.name,
        kind=kind_of(step.wish),
        attempt=came.at,
        tries=tries + 1,
        seconds=span / SECOND,
        outcome=outcome_of(error),
        receipt=None if isinstance(came.outcome, CampaignsError) else came.outcome.id,
        status=problem and problem.status,
        category=problem and problem.category,
        correlation=problem and problem.correlation_id,
        problem=problem and problem.detail,
    )


async def _reconcile(on: Advancing, stored: Stored, run: Run, step: Step, *, conclusive: bool) -> Run | Gone:
    sent = step.state
    if not isinstance(sent, Sent):
        raise TypeError(f"{step.name} is not in doubt")
    try:
        found = await reconcile(on.ways, run, step, stored)
    except Later as error:
        return await _wait(on, run, _pause(on, error))
    on.counts.looked("found" if found else "absent" if conclusive else "unsure")
    log.info(
        "step.reconciled",
        **named(run),
        step=step.name,
        attempt=step.at,
        found=found is not None,
        conclusive=conclusive,
    )
    if found:
        # When an earlier attempt has come late, this one stands beside it, or may yet.
        ghost = None if found.attempt == step.at else on.absences.ghost(run, step.name, step.at)
        return await _done(on, stored, run, step, found.receipt, attempt=found.attempt, ghost=ghost)
    if conclusive:
        state = after_absence(sent, step.at, **_now(on))
        return await _saved(on, run, step, state, ghost=on.absences.ghost(run, step.name, step.at))
    return await _wait(on, run, settled_at(step, sent, on.settle) - on.clock.now())


def _now(on: Advancing) -> dict[str, Any]:
    """What retrying depends on besides the failure."""
    return {"now": on.clock.now(), "chance": on.chance(), "well_since": on.ways.calls.parking.well_since}


def _pause(on: Advancing, error: Later) -> int:
    """How long a look that HubSpot did not let us take has to wait (ms)."""
    return max(int((error.after or 0) * 1000), pause(1, on.chance()))


async def _finish(on: Advancing, stored: Stored, end: Finished, last: Saved | None = None) -> Gone:
    """End the run, with its *last* step if that is not saved yet."""
    ended, work = await on.journal.finish(end)
    if ended:
        began = max(stored.accepted, end.run.trigger.notbefore or 0)
        on.counts.ended(end.ending, on.clock.now() - began)
        log.info("run.ended", **named(end.run), ending=end.ending)
        return Gone(work)
    # Somebody changed it meanwhile: back into the line, to be read again.
    return Gone(await on.journal.save(msgspec.structs.replace(last or Saved(end.run), place="line")))


async def _wait(on: Advancing, run: Run, span: int) -> Gone:
    return Gone(await on.journal.save(Saved(run, place="waiting", span=max(span, 1))))


async def _done(
    on: Advancing,
    stored: Stored,
    run: Run,
    step: Step,
    receipt: Receipt,
    *,
    attempt: int = 0,
    ghost: tuple[Ghost, int] | None = None,
) -> Run | Gone:
    """The step has come true; if it is the campaign's, the subject learns it in the same breath.

    The last step is saved with the end of its run, which gives it its time.
    """
    subject = None
    if run.campaign == stored.subject.campaign and step.wish == Undo(run.steps[0].name):
        subject = Subject()  # nothing is kept of it
    if stored.run.subject is not None and step is run.steps[0]:
        made = isinstance(step.wish, CreateCampaign) and not receipt.changed
        marker = str(marker_of(run, attempt)) if made and attempt else ""
        done = run.with_state(step.name, Done(receipt), step.at)
        subject = subject_changes.changes(done, stored.run, stored.order, marker, stored.subject)
    saved = Saved(run, step.name, Done(receipt), ghost=ghost, subject=subject)
    done = with_undoing(run.with_state(step.name, Done(receipt), 0))
    move = next_move(done, on.clock.now(), on.settle)
    if isinstance(move, Finish) and ghost is None:
        return await _finish(on, stored, Finished(done, stored.version, move.ending, subject), saved)
    return run.with_state(step.name, Done(receipt), await on.journal.save(saved))


async def _saved(
    on: Advancing, run: Run, step: Step, state: State, *, at: int = 0, ghost: tuple[Ghost, int] | None = None
) -> Run:
    now = await on.journal.save(Saved(run, step.name, state, at=at, ghost=ghost))
    return run.with_state(step.name, state, at or now)
