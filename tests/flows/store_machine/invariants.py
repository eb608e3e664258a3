"""What is true at every moment, each a check of its own, named for what DESIGN.md says (section 1)."""

import math
import sys
from collections import Counter
from collections.abc import Iterator

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from campaigns import keys
from campaigns.store.callbacks import Tried
from campaigns.store.ghosts import Looked
from campaigns.store.portals import Finished, Lease
from tests import lifetimes
from tests.flows.store_machine.calling import WISHES, Calling, Wish
from tests.flows.store_machine.meddling import Meddling
from tests.flows.store_machine.picture import OPEN_PLACES, Picture
from tests.flows.store_machine.stage import A_MOMENT, CAP, DAY, HOUR, LIMIT, RETENTION, SECOND, SETTLE
from tests.flows.store_machine.stopped_clock import move
from tests.flows.store_machine.working import Working

ENDS_BESIDE = {"cancel", "replaced"}
"""Fields of a run that goes to the line, whoever else of its subject goes, to be ended."""


class StoreMachine(Calling, Working, Meddling):
    """The rules, and what must be true after each of them."""

    @initialize(wishes=st.lists(WISHES, min_size=2, max_size=5), most=st.integers(0, 2))
    def begin(self, wishes: list[Wish], most: int) -> None:
        """In the middle of work: what is found at the very beginning is found here too."""
        self.accept(wishes)
        self.take("one", "acme")
        self.claim(0, most, 0, lost=False)

    @rule(rounds=st.integers(min_value=1, max_value=3))
    def work_goes_on(self, rounds: int) -> None:
        """Time passes, and whoever believes to serve a portal renews its lease in time."""
        for _ in range(rounds):
            self.time_passes(4 * SECOND)
            for name in self.workers:
                self.renew(name)

    # 1. Accepted is durable.

    @invariant()
    def accepted_is_durable(self) -> None:
        """Whatever was accepted is there, open or ended, until its time is over."""
        for run_id, wished in self.world.wished.items():
            over = wished.ending is not None and self.true_now >= wished.ended_at + RETENTION
            assert over or run_id in self.picture.runs, f"{run_id} is lost"

    @invariant()
    def key_and_run_live_together(self) -> None:
        """No key without its run, no run without its key: else a repeat would be a new wish, or a wish be lost."""
        prefix = keys.PREFIXES["key"]
        named = {key: told.split()[0].decode() for key, told in self.picture.strings.items() if key.startswith(prefix)}
        held = {prefix + told["key"].decode(): run_id for run_id, told in self.picture.runs.items()}
        assert named == held

    # 2. One wish, one effect.

    @invariant()
    def one_wish_one_effect(self) -> None:
        """A key names one run; a run is in one hand, ends once, and no two of its attempts can be mistaken."""
        self._assert_not("one_wish_one_effect")
        for run_id, wished in self.world.wished.items():
            told = self.picture.run(run_id).get("ending")
            assert told is None or told.decode() == wished.ending, f"{run_id} is {told!r}, and was {wished.ending}"
            assert told or not self.picture.run(run_id) or not wished.ending, f"{run_id} has ended and is open"

    @invariant()
    def a_call_in_doubt_settles_before_anybody_goes_on(self) -> None:
        """Whoever takes over waits until the call has ended and its effect can be seen."""
        self._assert_not("a_call_in_doubt_settles_before_anybody_goes_on")

    # 3. Redis holds the truth: who serves a portal, and who does not any more.

    @invariant()
    def one_process_serves_a_portal(self) -> None:
        """A lease is given while there is none; it is refused to nobody who holds it."""
        self._assert_not("one_process_serves_a_portal")

    @invariant()
    def who_lost_the_lease_saves_nothing(self) -> None:
        """It is refused, and what Redis holds is what it was."""
        self._assert_not("who_lost_the_lease_saves_nothing")

    # 4. Nothing is forgotten.

    @invariant()
    def each_open_run_stands_in_exactly_one_place(self) -> None:
        """In one set only, and its own word for where it stands is the same."""
        for run_id, told in self.picture.open_runs.items():
            places = self.picture.places(run_id)
            assert places == [told["place"].decode()], f"{run_id} says {told['place']!r} and stands in {places}"

    @invariant()
    def nothing_stands_anywhere_that_is_not_open(self) -> None:
        """No place and no lane holds a run that has ended or was never there."""
        opened = self.picture.open_runs
        for place in OPEN_PLACES:
            for portal, found in self.picture.all_zsets(place).items():
                assert all(opened.get(run_id, {}).get("portal") == portal.encode() for run_id in found), place
        for lane in self.picture.all_zsets("lane"):
            assert all(opened.get(run_id, {}).get("lane") == lane.encode() for run_id in self.picture.lane(lane))

    @invariant()
    def every_portal_with_open_runs_or_ghosts_stands_in_the_due_set(self) -> None:
        """Else nobody would ever be called for it."""
        due = self.picture.zset("due")
        assert _portals_with_work(self.picture) <= set(due)

    @invariant()
    def nobody_is_called_later_than_there_is_work(self) -> None:
        """Who serves a portal, or was called to it, gets its time; else it is due when its first work is.

        A clock that is set back delays by as much at the most.
        """
        for portal in _portals_with_work(self.picture):
            due, latest = self.picture.zset("due")[portal], _latest(self.picture, portal)
            assert due <= latest + self.set_back + A_MOMENT, f"{portal} is due {due - latest:.0f} ms too late"

    @invariant()
    def who_has_been_called_for_is_late_until_it_is_served(self) -> None:
        """Each call moves the portal on in the due set; nobody who is served, or has nothing to do, is late."""
        late, with_work = set(self.picture.zset("late")), _portals_with_work(self.picture)
        served = {portal for portal in with_work if self.picture.lease(portal)}
        called = {portal for portal in with_work if self.picture.left_of("call", portal)}
        due = {portal for portal in called - served if min(_work(self.picture, portal)) <= self.picture.now}
        assert due <= late <= with_work - served

    @invariant()
    def the_sweep_forgets_nobody(self) -> None:
        """Whoever is due is found."""
        self._assert_not("nothing_is_forgotten")

    @invariant()
    def a_callback_that_is_due_stands_among_the_callbacks(self) -> None:
        """And every ended run that has an address has one: due, delivered or parked."""
        due = self.picture.zset("callbacks")
        for run_id, told in self.picture.runs.items():
            assert told.get("callback") != b"due" or run_id in due, f"the callback of {run_id} is forgotten"
            wished = self.world.wished.get(run_id)
            if wished and wished.ending and wished.run.trigger.callbackurl:
                assert told.get("callback") in {b"due", b"delivered", b"parked"}, told.get("callback")

    @invariant()
    def every_key_is_known_and_has_its_lifetime(self) -> None:
        """All keys are of `keys.py`; those that end by themselves do, and no other."""
        beginnings = {key: self.picture.left.get(key) for key in self.picture.keys}
        wrong = lifetimes.wrong(beginnings, bulks=set(self.picture.zset("bulks")))
        assert not wrong, wrong

    @invariant()
    def what_is_counted_is_so(self) -> None:
        """How many runs of each caller are open on a portal, and how many of them their recipes hold."""
        for name in ("open", "over"):
            runs = [told for told in self.picture.open_runs.values() if name == "open" or "over" in told]
            for portal in ("acme", "beta"):
                kept = self.picture.hashes.get(keys.PREFIXES[name] + portal, {})
                own = Counter(told["caller"].decode() for told in runs if told["portal"] == portal.encode())
                assert {caller: int(count) for caller, count in kept.items()} == own, name

    # 5. Runs for one subject go in order; different subjects never wait for each other.

    @invariant()
    def runs_of_one_subject_go_one_at_a_time(self) -> None:
        """Of each subject one run goes; the others stand behind it. What is only to be ended goes beside it."""
        going = Counter(
            told["lane"]
            for told in self.picture.open_runs.values()
            if told["lane"] and told["place"] in {b"line", b"flight", b"waiting"} and not told.keys() & ENDS_BESIDE
        )
        assert all(count == 1 for count in going.values()), going

    @invariant()
    def runs_of_one_subject_go_in_order(self) -> None:
        """When the head of a lane goes, the next is the first of those that stood behind it: by sequence, time, age.

        A bulk moves several in one step: some of those behind it may be gone too, and others have come before it went.
        """
        for lane in self.before.all_zsets("lane"):
            before, now = self.before.lane(lane), self.picture.lane(lane)
            if now and now[0] != before[0]:
                assert before[0] not in now, f"{before[0]} was overtaken by {now[0]}"
                stayed = [run_id for run_id in before[1:] if run_id in now]
                firsts = {min(of, key=self._order) for of in (stayed, now) if of}
                assert not stayed or now[0] in firsts, f"{now[0]} goes, and {stayed} were before it"

    @invariant()
    def different_subjects_never_wait_for_each_other(self) -> None:
        """A run stands in a lane only behind another of its own subject."""
        for run_id, told in self.picture.open_runs.items():
            if told["place"] == b"lane":
                head = self.picture.lane(told["lane"].decode())[0]
                assert head != run_id
                assert self._subject(head) == self._subject(run_id)

    @invariant()
    def a_lane_goes_as_fast_as_its_most_urgent_run(self) -> None:
        """Its head has the priority of the most urgent run that waits behind it (ENGINE.md, lanes)."""
        for lane in self.picture.all_zsets("lane"):
            head, *behind = (int(self.picture.run(run_id)["band"]) for run_id in self.picture.lane(lane))
            assert head <= min(behind, default=head), f"band {head} goes first, {behind} wait"

    # 6. We never exceed HubSpot's limits.

    @invariant()
    def the_quota_is_never_exceeded_in_any_window(self) -> None:
        """Whenever HubSpot counts a call between its departure and its end."""
        for portal in {call.portal for call in self.world.counted}:
            assert self.world.most_in_a_window(portal) <= LIMIT.per_window

    @invariant()
    def a_free_place_is_given(self) -> None:
        """The limits are not only kept but used."""
        self._assert_not("the_limits_are_used")

    @invariant()
    def a_recipe_makes_no_more_campaigns_an_hour_than_it_may(self) -> None:
        """On each portal, however they are held and let go. A clock that is set back tells nothing about hours."""
        for portal in ("acme", "beta") if not self.set_back else ():
            began = [at for run_id, at in self.world.began.items() if self._portal(run_id) == portal]
            assert all(sum(one <= each < one + HOUR for each in began) <= CAP for one in began), began

    # 7. A caller sees only its own.

    @invariant()
    def a_caller_sees_its_own_runs_and_no_others(self) -> None:
        """The list of a caller's runs is exactly that."""
        for caller in ("shop", "events"):
            own = {run_id for run_id, told in self.picture.runs.items() if told["caller"] == caller.encode()}
            assert set(self.picture.zset("index", caller)) == own

    # Whatever has happened, it has an end.

    def teardown(self) -> None:
        """Two days later nothing is left to be done, and a month later nothing is left at all."""
        if sys.exc_info()[0] is None:
            self._let_all_end()
            self._let_all_be_forgotten()

    def _let_all_end(self) -> None:
        self.time_passes(2 * DAY)
        while self.look().zset("bulks"):
            self.act(self.store.bulks.work_off())
        for portal in ("acme", "beta"):
            self.act(self.store.parked.resume(portal))
            lease = Lease(portal, "last", f"token-last-{portal}")
            assert self.act(self.store.portals.take(lease, SETTLE)), f"{portal} is still served"
            self.act(self.store.parked.unpark(lease, 0))
            self._end_all(lease)
            for ghost in self.act(self.store.ghosts.due(lease)):
                self.act(self.store.ghosts.save(lease, [Looked(ghost, None)]))
            assert self.act(self.store.portals.release(lease, SETTLE, anyway=False)) == "released"
        while self.look().zset("callbacks"):  # what is told one behind the other comes one after the other
            due = self.act(self.store.callbacks.claim(100)).due
            self.act(self.store.callbacks.save([Tried(one.id, one.sequence, "delivered") for one in due]))
            self.time_passes(SECOND)
        assert not self.picture.open_runs, f"{sorted(self.picture.open_runs)} never end"
        assert not self.picture.zset("due"), "there is still something to be done"

    def _end_all(self, lease: Lease) -> None:
        """Also those whose turn comes hours later, as their recipe may make no more in one."""
        hours = 0
        while hours < len(self.world.wished):
            runs = self.act(self.store.portals.claim(lease, 100, 0)).runs
            ends = [Finished(stored.run, stored.version, "failed") for stored in runs]
            assert all(self.act(self.store.portals.finish(lease, ends, RETENTION))[1])
            if not runs:
                hours += 1
                self.time_passes(HOUR)
                self.act(self.store.portals.take(lease, SETTLE))

    def _let_all_be_forgotten(self) -> None:
        self.act(move(self.redis, RETENTION + DAY))
        while self.act(self.store.sweeping.trim()):
            pass
        gone_by_themselves = tuple(keys.PREFIXES[name] for name in keys.PERISHABLE)
        permanent = {keys.PREFIXES[name] for name in keys.PERMANENT}
        left = {key for key in self.look().keys - permanent if not key.startswith(gone_by_themselves)}
        assert not left, f"{left} will stay for ever"

    def _assert_not(self, invariant_: str) -> None:
        told = [what for name, what in self.wrong if name == invariant_]
        assert not told, told

    def _order(self, run_id: str) -> tuple[int, int, int]:
        return self.world.wished[run_id].order

    def _portal(self, run_id: str) -> str | None:
        wished = self.world.wished.get(run_id)
        return wished.run.portal if wished else None

    def _subject(self, run_id: str) -> tuple[str, str | None]:
        run = self.world.wished[run_id].run
        return run.portal, run.subject


def _portals_with_work(picture: Picture) -> set[str]:
    return {told["portal"].decode() for told in picture.open_runs.values()} | set(picture.all_zsets("ghosts"))


def _latest(picture: Picture, portal: str) -> float:
    """When somebody must be on *portal* at the latest."""
    if picture.lease(portal):
        return picture.now + picture.left_of("lease", portal)
    return max(min(_work(picture, portal)), picture.now + picture.left_of("call", portal))


def _work(picture: Picture, portal: str) -> Iterator[float]:
    """When there is something to do on *portal*, which nobody serves."""
    park = picture.hashes.get(keys.PREFIXES["park"] + portal, {})
    if "paused" in park:
        yield math.inf
        return
    probe = float(park.get("until", 0))
    if picture.zset("line", portal) or picture.zset("flight", portal):
        yield max(picture.now, probe)  # who had them in flight is gone
    for place in ("waiting", "held", "ghosts"):
        yield from (max(score, probe) for score in picture.zset(place, portal).values())
