"""What two workers do, each in the belief that it holds what it holds; either may be killed at any time."""

from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from campaigns import keys
from campaigns.errors import Problem
from campaigns.ghosts import Ghost
from campaigns.model import Ending, Run
from campaigns.states import Done, Receipt, Sent, State, Waiting
from campaigns.store import records
from campaigns.store.ghosts import Looked
from campaigns.store.portals import Call, Finished, Full, Granted, Saved
from tests.flows.store_machine.hands import Holding, Out, next_step
from tests.flows.store_machine.stage import (
    A_MOMENT,
    LASTS,
    LIMIT,
    PORTALS,
    RETENTION,
    SETTLE,
    SPANS,
    WHICH,
    WORKERS,
    Stage,
)
from tests.flows.store_machine.world import Counted


class Working(Stage):
    """The rules of workers."""

    @rule(name=WORKERS, portal=PORTALS)
    def take(self, name: str, portal: str) -> None:
        """A worker serves the portal, unless somebody does."""
        worker = self.workers[name]
        served, left = self.picture.lease(portal), self.picture.left_of("lease", portal)
        lease = worker.ask(portal)
        now = self.act(self.store.portals.take(lease, SETTLE))
        self.look()
        if now is not None:
            worker.portals[portal] = Holding(lease)
        if (now is None) != (served is not None) and not 0 < left <= A_MOMENT:
            self.wrongly("one_process_serves_a_portal", f"{portal} is served by {served}, and {lease} got {now}")

    @precondition(lambda self: self.believers())
    @rule(name=WORKERS)
    def renew(self, name: str) -> None:
        """All leases of a worker are renewed; those that are lost, it learns."""
        worker = self.workers[name]
        leases = [holding.lease for holding in worker.portals.values()]
        if not leases:
            return
        states = self.act(self.store.portals.renew(leases))
        self.look()
        for lease in leases:
            holds = self.before.lease(lease.portal) == str(lease)
            if (states[lease.portal] == "lost") == holds and self.before.left_of("lease", lease.portal) > A_MOMENT:
                self.wrongly("one_process_serves_a_portal", f"{lease} is {states[lease.portal]}")
            if states[lease.portal] == "lost":
                del worker.portals[lease.portal]

    @precondition(lambda self: self.believers())
    @rule(who=WHICH, most=st.integers(0, 4), most_high=st.integers(0, 1), lost=st.booleans())
    def claim(self, who: int, most: int, most_high: int, lost: bool) -> None:
        """Runs are taken in hand; or the answer is *lost*, and the next claim says what is in hand."""
        worker, holding = self.believer(who)
        in_hand = tuple(holding.runs) if holding.unsure else None
        claimed = self.as_holder(
            worker, holding.lease, lambda: self.store.portals.claim(holding.lease, most, most_high, in_hand=in_hand)
        )
        if claimed is None:
            return
        holding.unsure = lost
        for stored in claimed.runs:
            wished = self.world.wished[stored.run.id]
            if claimed.now + self.set_back < wished.settled_at and not stored.run.cancel:
                early = wished.settled_at - claimed.now - self.set_back
                self.wrongly("a_call_in_doubt_settles_before_anybody_goes_on", f"{stored.run.id}, {early} ms early")
            if "cap" in self.before.run(stored.run.id) and "cap" not in self.picture.run(stored.run.id):
                self.world.began[stored.run.id] = claimed.now
            if stored.run.id in holding.runs:
                self.wrongly("one_wish_one_effect", f"{stored.run.id} is in hand and was claimed again")
            if not lost:
                holding.runs[stored.run.id] = stored

    @precondition(lambda self: self.believers("idle runs"))
    @rule(who=WHICH, which=WHICH, reads=st.sampled_from([False, False, False, True]))
    def send(self, who: int, which: int, reads: bool) -> None:
        """A call leaves for HubSpot, if it gets a place: one that changes something for a run, or a read."""
        worker, holding = self.believer(who, "idle runs")
        portal, stored = holding.lease.portal, holding.idle(which)
        step = next_step(stored.run) if stored else None
        if not reads and step is None:
            return
        self.places += 1
        place = f"place-{self.places}"
        steps = ((stored.run, step.name, Sent(LASTS)),) if stored and step and not reads else ()
        taken = sum(free > self.picture.now + 1 for free in self.picture.zset("quota", portal).values())
        answer = self.as_holder(
            worker, holding.lease, lambda: self.store.portals.send(holding.lease, Call(place, LASTS, steps), LIMIT)
        )
        if isinstance(answer, Granted):
            counted = Counted(portal, answer.at + self.set_back, answer.at + self.set_back + LASTS)
            self.world.counted.append(counted)
            if stored and step and steps:
                self._sent(stored.run.id, answer.at)
                holding.out[stored.run.id] = Out(place, step.name, answer.at, counted)
        elif isinstance(answer, Full) and taken < LIMIT.per_window and not self._clock_is_behind(steps):
            self.wrongly("the_limits_are_used", f"no place on {portal}, and it is not full")

    def _sent(self, run_id: str, at: int) -> None:
        wished = self.world.wished[run_id]
        if at in wished.attempts:
            self.wrongly("one_wish_one_effect", f"two attempts of {run_id} bear the time {at}")
        wished.attempts.append(at)
        wished.settled_at = at + self.set_back + LASTS + SETTLE

    def _clock_is_behind(self, steps: tuple[tuple[Run, str, Sent], ...]) -> bool:
        """Whether Redis's clock is behind the time at which one of the steps was stored."""
        return any(int(told.split(b":")[0]) >= self.picture.now for told in self._step_fields(steps))

    def _step_fields(self, steps: tuple[tuple[Run, str, Sent], ...]) -> list[bytes]:
        found = [(self.picture.run(run.id), records.field(run, name)) for run, name, _ in steps]
        return [told[field] for told, field in found if field in told]

    @precondition(lambda self: self.believers("calls"))
    @rule(
        who=WHICH,
        which=WHICH,
        came=st.sampled_from(["done", "done", "later", "doubt", "absent"]),
        place=st.sampled_from(["flight", "flight", "waiting", "line"]),
        span=SPANS,
    )
    def answer(self, who: int, which: int, came: str, place: Any, span: int) -> None:  # noqa: ANN401 - a place's name
        """A call has ended: its place will be free, and what became of it is saved."""
        worker, holding = self.believer(who, "calls")
        stored, out = holding.under_way(which)
        out.counted.end = min(out.counted.end, self.true_now)
        self.act(self.store.portals.answered(holding.lease.portal, [out.place]))
        self.look()
        del holding.out[stored.run.id]
        state = _state_after(came, out, span)
        saved = Saved(
            stored.run,
            out.step,
            state,
            at=out.at if came == "doubt" else 0,
            place=place,
            span=span,
            ghost=(_ghost(stored.run, out.at), self.picture.now + span) if came == "absent" else None,
        )
        heard = self.as_holder(worker, holding.lease, lambda: self.store.portals.save(holding.lease, [saved]))
        if heard is None:
            return
        self.world.wished[stored.run.id].settled_at = 0
        run = stored.run.with_state(out.step, state, saved.at or heard[0])
        holding.runs[stored.run.id] = msgspec.structs.replace(stored, run=run)
        if place != "flight":
            holding.drop(stored.run.id)

    @precondition(lambda self: self.believers("idle runs"))
    @rule(who=WHICH, which=WHICH, place=st.sampled_from(["waiting", "line"]), span=SPANS)
    def put_back(self, who: int, which: int, place: Any, span: int) -> None:  # noqa: ANN401 - a place's name
        """A run is given out of hand as it is: it has to wait, or somebody has changed it."""
        worker, holding = self.believer(who, "idle runs")
        stored = holding.idle(which)
        if stored is None:
            return
        saved = Saved(stored.run, place=place, span=span)
        if self.as_holder(worker, holding.lease, lambda: self.store.portals.save(holding.lease, [saved])) is not None:
            holding.drop(stored.run.id)

    @precondition(lambda self: self.believers("idle runs"))
    @rule(who=WHICH, which=WHICH, right=st.sampled_from([True, True, True, False]))
    def finish(self, who: int, which: int, right: bool) -> None:
        """A run ends, unless somebody has changed it: then its version is not the one that was read."""
        worker, holding = self.believer(who, "idle runs")
        stored = holding.idle(which)
        if stored is None:
            return
        ending: Ending = "done" if next_step(stored.run) is None else "failed"
        end = Finished(stored.run, stored.version if right else stored.version + 7, ending)
        unchanged = self.picture.run(stored.run.id).get("version") == str(stored.version).encode()
        answer = self.as_holder(
            worker, holding.lease, lambda: self.store.portals.finish(holding.lease, [end], RETENTION)
        )
        if answer is None:
            return
        _, (ended,), _ = answer
        wished = self.world.wished[stored.run.id]
        if ended != (right and unchanged) or (ended and wished.ending):
            self.wrongly("one_wish_one_effect", f"{stored.run.id}, which is {wished.ending}, ended: {ended}")
        if ended:
            wished.ending, wished.ended_at = ending, self.true_now
            holding.drop(stored.run.id)

    @precondition(lambda self: self.believers())
    @rule(who=WHICH, anyway=st.booleans())
    def release(self, who: int, anyway: bool) -> None:
        """A worker gives the portal back: if nothing is to be done, or anyway."""
        worker, holding = self.believer(who)
        portal = holding.lease.portal
        outcome = self.act(self.store.portals.release(holding.lease, SETTLE, anyway=anyway))
        self.look()
        if outcome != "work":
            del worker.portals[portal]
        elif anyway:
            self.wrongly("one_process_serves_a_portal", f"{portal} was not given back though it should be anyway")

    @precondition(lambda self: self.believers())
    @rule(name=WORKERS)
    def die(self, name: str) -> None:
        """A process is killed: whatever it had in hand, it has not."""
        self.workers[name].portals.clear()

    @precondition(lambda self: self.believers() and self.picture.all_zsets("ghosts"))
    @rule(who=WHICH, next_look=st.sampled_from([0, 0, 3_000]))
    def look_for_ghosts(self, who: int, next_look: int) -> None:
        """What was declared absent is looked for."""
        worker, holding = self.believer(who)
        lease = holding.lease
        due = self.as_holder(worker, lease, lambda: self.store.ghosts.due(lease))
        if due:
            looked = [Looked(ghost, self.picture.now + next_look if next_look else None) for ghost in due]
            self.as_holder(worker, lease, lambda: self.store.ghosts.save(lease, looked))


def _state_after(came: str, out: Out, span: int) -> State:
    match came:
        case "done":
            return Done(Receipt(f"made-{out.place}"))
        case "doubt":
            return Sent(LASTS, problem=Problem("no answer came"))
        case _:
            return Waiting(span, 1, out.at, Problem("HubSpot could not"))


def _ghost(run: Run, attempt: int) -> Ghost:
    return Ghost("campaign", "-", 0, keys.Marker(run.id, attempt))
