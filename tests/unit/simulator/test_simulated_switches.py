import msgspec
import pytest

from simulator.switches import STANDS_FOR, TABLE, Switches, UnknownSwitch, turned


def test_every_switch_says_what_it_stands_for() -> None:
    assert set(TABLE) == set(STANDS_FOR)


def test_the_first_answer_of_every_switch_is_its_default() -> None:
    assert msgspec.structs.asdict(Switches()) == {name: switch.answers[0] for name, switch in TABLE.items()}


@pytest.mark.parametrize("name", TABLE)
def test_every_switch_has_a_choice_and_takes_every_answer(name: str) -> None:
    answers = TABLE[name].answers
    assert len(set(answers)) > 1
    assert [getattr(turned(Switches(), {name: answer}), name) for answer in answers] == list(answers)


def test_an_answer_may_be_a_number_and_other_switches_stay() -> None:
    switches = turned(turned(Switches(), {"duplicate_name": 409}), {"long_value": "cut"})
    assert (switches.duplicate_name, switches.long_value) == ("409", "cut")


def test_an_unknown_switch_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(UnknownSwitch, match=r"duplicate_names.*there are:.*duplicate_name,"):
        turned(Switches(), {"duplicate_names": "409"})


def test_an_unknown_answer_is_refused_with_the_choices() -> None:
    with pytest.raises(UnknownSwitch, match="there are: allow, 409, 400"):
        turned(Switches(), {"duplicate_name": "418"})
