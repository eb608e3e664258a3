"""What happens beside callers and workers: operators and trouble, the sweep, callbacks, and time."""

from contextlib import suppress
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from campaigns import keys
from campaigns.errors import Conflict, NotFound
from campaigns.store.bulks import COMES_BACK
from campaigns.store.callbacks import Tried
from campaigns.store.scripts import Scripts
from campaigns.store.verbs import Command, Verb
from tests.flows.store_machine.stage import DAY, PORTALS, RETENTION, SECOND, SPANS, WHICH, Stage
from tests.flows.store_machine.stopped_clock import by_the_stopped_clock, move

VERBS: Final[st.SearchStrategy[Verb]] = st.sampled_from(["cancel", "cancel", "undo", "retry", "retry"])


class Meddling(Stage):
    """The rules of everybody and everything else."""

    @precondition(lambda self: self.world.wished)
    @rule(verb=VERBS, which=WHICH)
    def apply(self, verb: Verb, which: int) -> None:
        """An operator wants a run to end, to be undone or to go on."""
        run_id = self._one(which)
        with suppress(Conflict, NotFound):
            self.act(self.store.verbs.apply(verb, run_id, Command("office")))
        self._follow([run_id])

    @precondition(lambda self: self.world.wished)
    @rule(verb=VERBS, count=st.integers(1, 3), again=st.booleans())
    def begin_bulk(self, verb: Verb, count: int, again: bool) -> None:
        """An operator wants the same for many; the answer may be lost, and the wish be repeated."""
        self.bulks += 0 if again and self.bulks else 1
        command = Command("office", f"key {keys.key_hash('office', str(self.bulks))}", "same")
        bulk_id = keys.key_hash("bulk", str(self.bulks))
        runs = [self._one(which) for which in range(count)]
        begun = self.act(self.store.bulks.begin(bulk_id, verb, runs, command))
        if begun != bulk_id:
            self.wrongly("one_wish_one_effect", f"the bulk {bulk_id} has begun a second time, as {begun}")
        self.look()

    @precondition(lambda self: self.picture.zset("bulks"))
    @rule(most=st.integers(1, 2))
    def work_off_a_bulk(self, most: int) -> None:
        """Whoever sweeps applies the verb to some of its runs."""
        runs = [run_id for bulk in self.picture.all_zsets("bulk").values() for run_id in bulk]
        self.act(self.store.bulks.work_off(most))
        self._follow(runs)

    @precondition(lambda self: self.picture.zset("bulks"))
    @rule()
    def die_with_a_bulk(self) -> None:
        """Whoever took its turn is killed: it comes back."""
        self.act(Scripts(self.redis, text=by_the_stopped_clock).run("take_bulk", 2, COMES_BACK))
        self.look()

    def _one(self, which: int) -> str:
        """The id of a run that was accepted; there is one."""
        return list(self.world.wished)[which % len(self.world.wished)]

    def _follow(self, runs: list[str]) -> None:
        """What a verb has made of *runs* is what stands there."""
        self.look()
        for run_id in runs:
            wished, told = self.world.wished.get(run_id), self.picture.run(run_id)
            if wished is None or not told:
                continue
            if "ending" in told and wished.ending is None:
                wished.ending, wished.ended_at = told["ending"].decode(), self.true_now
            elif "ending" not in told and wished.ending:
                wished.ending = None
                wished.order = (wished.order[0], wished.run.trigger.time or int(told["accepted"]), wished.order[2])

    @rule(portal=PORTALS, pause=st.sampled_from([False, False, True]))
    def pause(self, portal: str, pause: bool) -> None:
        """An operator lets a portal alone, or go on."""
        self.act(self.store.parked.pause(portal, "office") if pause else self.store.parked.resume(portal))
        self.look()

    @precondition(lambda self: self.believers())
    @rule(who=WHICH, span=SPANS, well=st.booleans())
    def park(self, who: int, span: int, well: bool) -> None:
        """HubSpot is in trouble, or well again."""
        worker, holding = self.believer(who)
        lease = holding.lease
        if well:
            self.as_holder(worker, lease, lambda: self.store.parked.unpark(lease, SECOND))
        else:
            self.as_holder(worker, lease, lambda: self.store.parked.park(lease, "down", span, "503"))

    @rule()
    def sweep(self) -> None:
        """What is due and served by nobody is found."""
        found = set(self.act(self.store.sweeping.find()).portals)
        self.look()
        due = self.before.zset("due")
        surely = {portal for portal, score in due.items() if score <= self.before.now}
        maybe = {portal for portal, score in due.items() if score <= self.picture.now}
        if not surely <= found <= maybe:
            self.wrongly("nothing_is_forgotten", f"the sweep found {found}; due were {due} at {self.before.now}")

    @precondition(lambda self: self.picture.zset("ended"))
    @rule()
    def trim(self) -> None:
        """Runs whose time is over are forgotten."""
        self.act(self.store.sweeping.trim())
        self.look()
        for run_id, wished in list(self.world.wished.items()):
            if wished.ending and run_id not in self.picture.runs and self.true_now >= wished.ended_at + RETENTION:
                self.world.forget(run_id)

    @precondition(lambda self: self.picture.zset("callbacks"))
    @rule(outcomes=st.lists(st.sampled_from(["delivered", "parked", "due", "untried", "lost"]), max_size=3), span=SPANS)
    def deliver(self, outcomes: list[Any], span: int) -> None:
        """Callbacks that are due are posted; or whoever posted them died."""
        due = self.act(self.store.callbacks.claim(len(outcomes))).due
        tried = [
            Tried(one.id, one.sequence, came, span) for one, came in zip(due, outcomes, strict=False) if came != "lost"
        ]
        self.act(self.store.callbacks.save(tried))
        self.look()

    @rule(span=st.sampled_from([1_000, 2_000, 4_000, 6_000, 10_000, 16_000, 2 * DAY]))
    def time_passes(self, span: int) -> None:
        """For everybody."""
        self.act(move(self.redis, span))
        self.look()

    @rule()
    def a_month_passes(self) -> None:
        """After which an ended run may be forgotten."""
        self.time_passes(RETENTION + DAY)

    @rule(span=st.sampled_from([1_000, 4_000]))
    def the_clock_is_set_back(self, span: int) -> None:
        """Redis's, by an operator or by its host; true time goes on."""
        self.act(move(self.redis, -span))
        self.set_back += span
        self.look()
