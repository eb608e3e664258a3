"""Which result of a batch is whose, and what the rest are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InDoubt, Later, Problem, RateLimited, Refused
from campaigns.hubspot.batch import Outcome, Wish, halves, outcomes, together
from campaigns.hubspot.types import BatchAnswer, Campaign, ItemProblem


def a_marker(number: int) -> str:
    return f"[fanfare:{'abcdefghijklmnopqrstuvwxy2'}.{number}.s{number}]"


def a_wish(number: int, name: str | None = None) -> Wish:
    return Wish(name or f"Launch {number}", a_marker(number))


def a_result(number: int, *, name: str | None = None, marker: str | None = None) -> Campaign:
    notes = a_marker(number) if marker is None else marker
    return Campaign(f"id-{number}", {"hs_name": name or f"Launch {number}", "hs_notes": f"For you.\n{notes}"})


def a_problem(text: str, *, category: str | None = "VALIDATION_ERROR") -> ItemProblem:
    return ItemProblem(Problem(text, category=category), text)


def complete(*results: Campaign, problems: tuple[ItemProblem, ...] = ()) -> BatchAnswer[Campaign]:
    return BatchAnswer(results, problems, "COMPLETE")


def kinds(told: tuple[Outcome, ...]) -> list[str]:
    return [type(one).__name__ for one in told]


ONE, TWO, THREE = a_wish(1), a_wish(2), a_wish(3)


def test_results_are_known_by_marker_not_by_position() -> None:
    told = outcomes([ONE, TWO], complete(a_result(2), a_result(1)))
    assert told == (a_result(1), a_result(2))


def test_a_result_without_a_marker_is_known_by_its_name() -> None:
    """HubSpot need not give the notes back; it may also trim the name."""
    bare = Campaign("id-1", {"hs_name": "Launch 1 "})
    assert outcomes([ONE, TWO], complete(bare, a_result(2))) == (bare, a_result(2))


def test_a_result_that_bears_another_marker_is_not_known_by_its_name() -> None:
    other = a_result(9, name="Launch 1")
    assert kinds(outcomes([ONE], complete(other))) == ["InDoubt"]


def test_two_wishes_of_one_name_are_not_told_apart_by_it() -> None:
    same = [Wish("Launch"), Wish("Launch")]
    assert kinds(outcomes(same, complete(Campaign("id-1", {"hs_name": "Launch"})))) == ["InDoubt", "InDoubt"]


def test_two_results_for_one_wish_are_in_doubt() -> None:
    """HubSpot made two: whoever looks finds both."""
    double = a_result(2, name="Launch 1", marker=a_marker(1))
    assert kinds(outcomes([ONE], complete(a_result(1), double))) == ["InDoubt"]


def test_the_results_of_an_update_are_known_by_id() -> None:
    wishes = [Wish(campaign="id-1"), Wish(campaign="id-2")]
    told = outcomes(wishes, complete(Campaign("id-2"), Campaign("id-1")))
    assert told == (Campaign("id-1"), Campaign("id-2"))


def test_an_id_given_twice_comes_once_and_answers_both() -> None:
    assert (
        outcomes([Wish(campaign="id-1"), Wish(campaign="id-1")], complete(Campaign("id-1"))) == (Campaign("id-1"),) * 2
    )


def test_the_one_missing_result_is_refused_by_the_one_error() -> None:
    told = outcomes([ONE, TWO], complete(a_result(1), problems=(a_problem("No."),)))
    assert kinds(told) == ["Campaign", "Refused"]
    assert isinstance(told[1], Refused)
    assert told[1].problem.detail == "No."


def test_an_error_that_names_an_id_is_that_items() -> None:
    """As in the one recorded 207: the id stands only inside the message."""
    wishes = [Wish(campaign="bad-guid"), Wish(campaign="id-2"), Wish(campaign="id-3")]
    problems = (a_problem("Invalid request: 'Invalid campaign GUID format: bad-guid'"),)
    told = outcomes(wishes, complete(Campaign("id-2"), problems=problems))
    assert kinds(told) == ["Refused", "Campaign", "InDoubt"]


def test_errors_are_given_by_name_where_each_missing_item_has_one() -> None:
    problems = (a_problem("Launch 3 is too long"), a_problem("Launch 2 exists"))
    told = outcomes([ONE, TWO, THREE], complete(a_result(1), problems=problems))
    assert [one.problem.detail for one in told if isinstance(one, Refused)] == [
        "Launch 2 exists",
        "Launch 3 is too long",
    ]


def test_a_name_that_is_an_everyday_word_takes_no_error_from_another() -> None:
    """Two are missing and one error came: "a" stands in any sentence."""
    told = outcomes([a_wish(1, "a"), a_wish(2, "b-side")], complete(problems=(a_problem("a property is wrong"),)))
    assert kinds(told) == ["InDoubt", "InDoubt"]


def test_errors_that_say_the_same_are_shared_out() -> None:
    problems = (a_problem("Currency unknown"), a_problem("Currency unknown"))
    assert kinds(outcomes([ONE, TWO], complete(problems=problems))) == ["Refused", "Refused"]


def test_an_error_without_a_category_refuses() -> None:
    """Recorded errors lack it; they are refusals all the same."""
    assert kinds(outcomes([ONE], complete(problems=(a_problem("No.", category=None),)))) == ["Refused"]


def test_two_errors_of_one_item_leave_the_third_for_the_other() -> None:
    problems = (a_problem(f"{a_marker(1)}: too long"), a_problem(f"{a_marker(1)}: bad date"), a_problem("Bad currency"))
    assert kinds(outcomes([ONE, TWO], complete(problems=problems))) == ["Refused", "Refused"]


def test_errors_that_cannot_be_told_apart_leave_their_items_in_doubt() -> None:
    """Each is sent again alone and gets its own words."""
    told = outcomes([ONE, TWO], complete(problems=(a_problem("Too long"), a_problem("Bad date"))))
    assert kinds(told) == ["InDoubt", "InDoubt"]
    assert "Too long; Bad date" in str(told[0])


@pytest.mark.parametrize("category", ["CONFLICT", "RATE_LIMITS", "INTERNAL_ERROR"])
def test_an_item_error_that_may_pass_is_in_doubt_not_refused(category: str) -> None:
    told = outcomes([ONE], complete(problems=(a_problem("Not now", category=category),)))
    assert kinds(told) == ["InDoubt"]


def test_an_item_that_neither_result_nor_error_explains_is_in_doubt() -> None:
    assert kinds(outcomes([ONE, TWO], complete(a_result(1)))) == ["Campaign", "InDoubt"]


@pytest.mark.seed("B4")
@pytest.mark.parametrize("status", ["PENDING", "PROCESSING", "CANCELED", None, "SOMETHING_NEW"])
def test_what_an_unfinished_batch_does_not_show_is_in_doubt(status: str | None) -> None:
    answer = BatchAnswer((a_result(1),), (a_problem("No."),), status)
    assert kinds(outcomes([ONE, TWO], answer)) == ["Campaign", "InDoubt"]


def test_a_whole_batch_refused_leaves_several_in_doubt() -> None:
    """One of them may be at fault, and an all-failed batch may also be a 400."""
    refused = Refused(problem=Problem("Bad", status=400))
    told = outcomes([ONE, TWO], refused)
    assert kinds(told) == ["InDoubt", "InDoubt"]
    assert isinstance(told[0], InDoubt)
    assert told[0].problem == refused.problem


def test_a_batch_of_one_refused_refuses_the_one() -> None:
    refused = Refused(problem=Problem("Bad", status=400))
    assert outcomes([ONE], refused) == (refused,)


@pytest.mark.parametrize("error", [Later("away"), RateLimited("slower"), InDoubt("cut off")])
def test_any_other_end_of_a_batch_is_every_items(error: Later | InDoubt) -> None:
    assert outcomes([ONE, TWO], error) == (error, error)


@pytest.mark.parametrize("size", [2, 3, 50])
def test_halves_lose_nothing_and_are_both_smaller(size: int) -> None:
    wishes = [a_wish(number) for number in range(size)]
    left, right = halves(wishes)
    assert [*left, *right] == wishes
    assert left
    assert right


results = st.builds(
    Campaign,
    st.sampled_from(["x", "y"]),
    st.dictionaries(st.sampled_from(["hs_name", "hs_notes"]), st.text(max_size=9)),
)
problems = st.builds(a_problem, st.text(max_size=9), category=st.none() | st.text(max_size=3))
answers = st.builds(
    BatchAnswer[Campaign],
    st.lists(results | st.sampled_from([a_result(1), a_result(2), a_result(3)]), max_size=5).map(tuple),
    st.lists(problems, max_size=4).map(tuple),
    st.sampled_from(["COMPLETE", "PENDING", None]),
)


@given(answers)
def test_every_wish_gets_an_outcome_and_none_gets_the_result_of_another(answer: BatchAnswer[Campaign]) -> None:
    wishes = [ONE, TWO, THREE]
    told = outcomes(wishes, answer)
    assert len(told) == len(wishes)
    for wish, outcome in zip(wishes, told, strict=True):
        if isinstance(outcome, Campaign):
            notes = outcome.properties.get("hs_notes", "")
            assert wish.marker in notes or outcome.name.strip() == wish.name
        if isinstance(outcome, Refused):
            assert answer.status == "COMPLETE"
            assert answer.problems


@given(st.permutations([1, 2, 3, 4, 5]), st.sets(st.integers(1, 5)))
def test_the_order_of_the_results_does_not_matter(order: list[int], failed: set[int]) -> None:
    wishes = [a_wish(number) for number in range(1, 6)]
    came = tuple(a_result(number) for number in order if number not in failed)
    told = outcomes(wishes, complete(*came))
    assert kinds(told) == ["InDoubt" if number in failed else "Campaign" for number in range(1, 6)]


waiting = st.lists(st.tuples(st.integers(0, 70), st.sampled_from("ab")), max_size=120)


@given(waiting)
def test_a_batch_takes_the_first_and_whatever_goes_with_it(wishes: list[tuple[int, str]]) -> None:
    """No two of the same name, all of one kind, in their order, and none is left out for whom there is room."""
    group = together(wishes, differs=lambda wish: str(wish[0]), shares=lambda wish: wish[1])
    assert group[:1] == wishes[:1]
    alike = list(dict.fromkeys(wish for wish in wishes if wish[1] == wishes[0][1]))
    assert group == alike[:50]


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_whatever_the_order_each_wish_gets_its_own_result_and_what_has_none_is_in_doubt(
    order: list[int], missing: set[int]
) -> None:
    wishes = [Wish(campaign=f"id-{number}") for number in range(6)]
    answer = complete(*(Campaign(f"id-{number}") for number in order if number not in missing))
    for number, told in enumerate(outcomes(wishes, answer)):
        assert isinstance(told, InDoubt) if number in missing else told == Campaign(f"id-{number}")
