"""How a process's slots are shared by its portals."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from workers.slots import FOR_HIGH, OF_A_PORTAL, OF_A_PROCESS, Slots


def test_a_portal_alone_has_a_hundred_slots() -> None:
    slots = Slots()
    assert slots.ask("acme", 0) == OF_A_PORTAL
    slots.has("acme", 60)
    assert slots.free("acme", 60) == OF_A_PORTAL - 60


def test_what_is_asked_for_is_taken_until_it_is_told_what_came_of_it() -> None:
    slots = Slots()
    for number in range(OF_A_PROCESS // OF_A_PORTAL):
        slots.ask(f"p{number}", 0)
    fair = OF_A_PROCESS // (OF_A_PROCESS // OF_A_PORTAL + 1)
    assert slots.free("late", 0) == fair
    slots.has("p0", 0)
    assert slots.free("late", 0) == OF_A_PORTAL


def test_whoever_has_more_than_a_fair_part_gets_none_while_the_process_is_full() -> None:
    slots = Slots()
    for number in range(20):
        slots.ask(f"p{number}", 0)
    assert slots.free("p0", OF_A_PORTAL - 1) == 0
    assert slots.free("p19", 0) >= OF_A_PROCESS // 20


def test_a_portal_that_is_left_gives_back_its_slots() -> None:
    slots = Slots()
    slots.ask("acme", 0)
    slots.leave("acme")
    assert vars(slots) == vars(Slots())


def test_a_portal_whose_fair_part_is_small_may_have_no_more_for_high_than_any_other() -> None:
    slots = Slots()
    for number in range(200):
        slots.ask(f"p{number}", 0)
    fair = slots.ask("late", 0)
    assert fair < FOR_HIGH
    assert slots.free_for_high("late", 0) == slots.free_for_high("late", fair) == FOR_HIGH
    assert slots.free_for_high("late", fair + 5) == FOR_HIGH - 5
    assert slots.free_for_high("late", fair + FOR_HIGH) == slots.free_for_high("late", OF_A_PORTAL) == 0


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, OF_A_PORTAL)), max_size=200))
def test_every_portal_may_have_one_and_together_they_never_have_more_than_twice_a_process(
    asked: Sequence[tuple[int, int]],
) -> None:
    slots, hands = Slots(), dict[int, int]()
    for portal, ended in asked:
        left = max(hands.get(portal, 0) - ended, 0)
        free = slots.ask(str(portal), left)
        assert left or free
        hands[portal] = left + free
        slots.has(str(portal), left + free)
        assert hands[portal] <= OF_A_PORTAL
        assert sum(hands.values()) <= 2 * OF_A_PROCESS
