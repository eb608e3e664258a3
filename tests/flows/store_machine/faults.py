"""For each invariant a fault of the scripts that breaks it, and the shortest story in which that shows."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tests.flows.store_machine.calling import Wish
from tests.flows.store_machine.invariants import StoreMachine
from tests.flows.store_machine.stage import HOUR, SECOND


class Fault(msgspec.Struct, frozen=True):
    """Something wrong in the scripts: *wrong* stands where *right* should, and *story* shows it."""

    right: str
    wrong: str
    story: Callable[[StoreMachine], None]


A_WISH: Final = Wish(
    number=0,
    caller="shop",
    portal="acme",
    subject=None,
    priority="normal",
    sequence=0,
    time=None,
    held=0,
    fingerprint="same",
    called_back=False,
    capped=False,
)


def _accepted(machine: StoreMachine, *changes: Mapping[str, object]) -> None:
    """Wishes, each as `A_WISH` but for its changes, one after the other."""
    for number, change in enumerate(changes):
        machine.accept([msgspec.structs.replace(A_WISH, **{"number": number, **change})])


def _claimed(machine: StoreMachine, *changes: Mapping[str, object], most: int = 4) -> None:
    """Wishes were accepted and are in the hand of worker one."""
    _accepted(machine, *changes or ({},))
    machine.take("one", "acme")
    machine.claim(0, most, 0, lost=False)


def _ended(machine: StoreMachine) -> None:
    _claimed(machine)
    machine.finish(0, 0, right=True)


def _ended_and_trimmed(machine: StoreMachine) -> None:
    _ended(machine)
    machine.trim()


def _a_month_after_the_end(machine: StoreMachine) -> None:
    _ended(machine)
    machine.a_month_passes()
    machine.trim()


def _ended_in_another_version(machine: StoreMachine) -> None:
    _claimed(machine)
    machine.finish(0, 0, right=False)


def _given_back_with_a_call_under_way(machine: StoreMachine) -> None:
    _claimed(machine)
    machine.send(0, 0, reads=False)
    machine.release(0, anyway=True)
    machine.take("two", "acme")
    machine.claim(0, 4, 0, lost=False)


def _taken_by_two(machine: StoreMachine) -> None:
    machine.take("one", "acme")
    machine.take("two", "acme")


def _overslept(machine: StoreMachine) -> None:
    machine.take("one", "acme")
    machine.time_passes(10 * SECOND)
    machine.take("two", "acme")
    machine.claim(0, 4, 0, lost=False)


def _waited(machine: StoreMachine) -> None:
    _claimed(machine)
    machine.put_back(0, 0, "waiting", SECOND)
    machine.time_passes(SECOND)
    machine.claim(0, 0, 0, lost=False)


def _accepted_after_the_holder_died(machine: StoreMachine) -> None:
    _claimed(machine, {"subject": "lamp"})
    machine.time_passes(10 * SECOND)
    _accepted(machine, {"subject": "lamp", "number": 1})


def _held_when_the_portal_is_given_back(machine: StoreMachine) -> None:
    machine.take("one", "acme")
    _accepted(machine, {"held": 5 * SECOND})
    machine.release(0, anyway=True)


def _nobody_came(machine: StoreMachine) -> None:
    _accepted(machine, {})
    machine.time_passes(10 * SECOND)
    machine.sweep()


def _nobody_posted(machine: StoreMachine) -> None:
    _claimed(machine, {"called_back": True})
    machine.finish(0, 0, right=True)
    machine.deliver(["lost"], SECOND)


def _two_for_one_subject(machine: StoreMachine) -> None:
    _accepted(machine, {"subject": "lamp", "sequence": 2}, {"subject": "lamp", "sequence": 1})


def _two_subjects(machine: StoreMachine) -> None:
    _accepted(machine, {"subject": "lamp"}, {"subject": "tour"})


def _urgent_behind_two(machine: StoreMachine) -> None:
    lamps = ({"subject": "lamp", "priority": band} for band in ("bulk", "bulk", "high"))
    _claimed(machine, *lamps, most=1)
    machine.finish(0, 0, right=True)


def _reads(machine: StoreMachine) -> None:
    _claimed(machine)
    machine.send(0, 0, reads=True)
    machine.send(0, 0, reads=True)


def _a_read_when_a_window_has_passed(machine: StoreMachine) -> None:
    _reads(machine)
    machine.work_goes_on(2)
    machine.time_passes(3 * SECOND - 100)
    machine.send(0, 0, reads=True)


def _a_read_when_every_place_is_free(machine: StoreMachine) -> None:
    _reads(machine)
    machine.work_goes_on(3)
    machine.time_passes(2 * SECOND)
    machine.send(0, 0, reads=True)


def _more_than_the_recipe_may_make(machine: StoreMachine) -> None:
    _claimed(machine, *({"capped": True} for _ in range(3)))
    machine.time_passes(HOUR // 2)
    machine.take("one", "acme")
    machine.claim(0, 4, 0, lost=False)


def _accepted_for_events(machine: StoreMachine) -> None:
    _accepted(machine, {"caller": "events"})


FAULTS: Final = {
    "accepted_is_durable": Fault(
        "redis.call('ZADD', KEY.ended, now + retention, id)",
        "redis.call('ZADD', KEY.ended, now, id)",
        _ended_and_trimmed,
    ),
    "key_and_run_live_together": Fault(
        "redis.call('DEL', KEY.run .. id, KEY.key .. key)",
        "redis.call('DEL', KEY.run .. id)",
        _a_month_after_the_end,
    ),
    "one_wish_one_effect": Fault(
        "if known ~= version or place ~= 'flight' then", "if false then", _ended_in_another_version
    ),
    "a_call_in_doubt_settles_before_anybody_goes_on": Fault(
        "to_waiting(id, portal, busy + settle)", "to_line(id)", _given_back_with_a_call_under_way
    ),
    "one_process_serves_a_portal": Fault("lease, 'NX', 'PX', LEASE", "lease, 'PX', LEASE", _taken_by_two),
    "who_lost_the_lease_saves_nothing": Fault(
        "if redis.call('GET', KEY.lease .. portal) ~= lease then return false end",
        "if redis.call('EXISTS', KEY.lease .. portal) == 0 then return false end",
        _overslept,
    ),
    "each_open_run_stands_in_exactly_one_place": Fault("redis.call('ZREM', KEY.waiting .. portal, id)", "", _waited),
    "nothing_stands_anywhere_that_is_not_open": Fault("redis.call('ZREM', KEY.flight .. portal, id)", "", _ended),
    "every_portal_with_open_runs_or_ghosts_stands_in_the_due_set": Fault(
        "redis.call('EXISTS', KEY.flight .. portal) == 1", "false", _accepted_after_the_holder_died
    ),
    "nobody_is_called_later_than_there_is_work": Fault(
        "redis.call('ZADD', KEY.due, at, portal)", "", _held_when_the_portal_is_given_back
    ),
    "who_has_been_called_for_is_late_until_it_is_served": Fault(
        "redis.call('DEL', KEY.call .. portal)\nredis.call('ZREM', KEY.late, portal)",
        "redis.call('DEL', KEY.call .. portal)",
        _claimed,
    ),
    "the_sweep_forgets_nobody": Fault(
        "KEY.due, '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1]", "KEY.due, '-inf', '(0', 'BYSCORE'", _nobody_came
    ),
    "a_callback_that_is_due_stands_among_the_callbacks": Fault(
        "redis.call('ZADD', KEY.callbacks, now + back, id)",
        "redis.call('ZREM', KEY.callbacks, id)",
        _nobody_posted,
    ),
    "what_is_counted_is_so": Fault("count_open(portal, caller, -1)", "", _ended),
    "every_key_is_known_and_has_its_lifetime": Fault("lease, 'NX', 'PX', LEASE", "lease, 'NX'", _ended),
    "runs_of_one_subject_go_one_at_a_time": Fault("return not head", "return true", _two_for_one_subject),
    "runs_of_one_subject_go_in_order": Fault(
        "redis.call('ZADD', lane, head and 1 or 0, order .. ' ' .. id)",
        "redis.call('ZADD', lane, 0, order .. ' ' .. id)",
        _two_for_one_subject,
    ),
    "different_subjects_never_wait_for_each_other": Fault(
        "notbefore = unpack(wish)", "notbefore = unpack(wish) lane = lane ~= '' and 'one' or ''", _two_subjects
    ),
    "a_lane_goes_as_fast_as_its_most_urgent_run": Fault(
        "if raised then raise(head, raised) end", "", _urgent_behind_two
    ),
    "the_quota_is_never_exceeded_in_any_window": Fault(
        "now + lasts + window", "now + window", _a_read_when_a_window_has_passed
    ),
    "a_free_place_is_given": Fault(
        "redis.call('ZREMRANGEBYSCORE', quota, '-inf', now)", "", _a_read_when_every_place_is_free
    ),
    "a_recipe_makes_no_more_campaigns_an_hour_than_it_may": Fault(
        "redis.call('ZCOUNT', creates, '-inf', now) >= most", "false", _more_than_the_recipe_may_make
    ),
    "a_caller_sees_its_own_runs_and_no_others": Fault(
        "redis.call('ZADD', KEY.index .. caller, number, id)",
        "redis.call('ZADD', KEY.index .. 'shop', number, id)",
        _accepted_for_events,
    ),
}
