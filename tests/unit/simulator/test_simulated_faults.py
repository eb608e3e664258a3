import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.faults import CALM, Fault, Faults, Plan

GUID = "/e3e70682-c209-4cac-a29f-6fbed82c07cd"
REQUESTS = [("POST", ""), ("GET", ""), ("POST", "/batch/create"), ("PUT", f"{GUID}/assets/FORM/1"), ("PATCH", GUID)]


@pytest.mark.parametrize(
    ("path", "struck"),
    [
        (None, {"", "/batch/create", GUID, f"{GUID}/assets/FORM/1"}),
        ("", {""}),
        ("/batch", {"/batch/create"}),
        ("/batch/create", {"/batch/create"}),
        ("/bat", set()),
        ("/batch/*", {"/batch/create"}),
        ("/*/assets/*", {f"{GUID}/assets/FORM/1"}),
        (GUID, {GUID, f"{GUID}/assets/FORM/1"}),
        ("/*", {"/batch/create", GUID, f"{GUID}/assets/FORM/1"}),
    ],
)
def test_a_path_is_a_glob_or_a_beginning_that_ends_at_a_slash(path: str | None, struck: set[str]) -> None:
    fault = Fault(do="delay", path=path)
    assert {
        rest for rest in ("", "/batch/create", GUID, f"{GUID}/assets/FORM/1") if fault.is_for("POST", rest)
    } == struck


def test_a_method_is_matched_in_any_case() -> None:
    assert Fault(do="delay", method="post").is_for("POST", "")
    assert not Fault(do="delay", method="POST").is_for("PUT", "")


def test_a_fault_strikes_at_most_so_many_times() -> None:
    faults = Faults(Plan(faults=(Fault(do="cut_before", times=2),)))
    assert [faults.strike("POST", "") is CALM for _ in range(4)] == [False, False, True, True]


def test_a_plan_knows_how_often_each_of_its_faults_has_struck() -> None:
    faults = Faults(Plan(faults=(Fault(do="delay", method="GET"), Fault(do="cut_after"), Fault(do="cut_before"))))
    for method in ("GET", "POST", "POST"):
        faults.strike(method, "")
    assert faults.met().met == (1, 3, 0)


def test_a_share_is_the_probability_of_a_strike() -> None:
    faults = Faults(Plan(seed=1, faults=(Fault(do="cut_before", share=0.25),)))
    struck = sum(faults.strike("POST", "") is not CALM for _ in range(4000))
    assert 900 < struck < 1100


def test_of_the_faults_that_end_a_request_only_the_first_strikes() -> None:
    """The second keeps its one strike for the next request."""
    first, second = Fault(do="cut_after", times=1), Fault(do="status_before", status=500, times=1)
    faults = Faults(Plan(faults=(first, second)))
    assert [faults.strike("POST", "").ending for _ in range(3)] == [first, second, None]


def test_delays_add_up_and_join_an_ending() -> None:
    plan = Plan(
        faults=(Fault(do="delay", delay_ms=100), Fault(do="delay", delay_ms=20), Fault(do="cut_after", delay_ms=3))
    )
    trouble = Faults(plan).strike("POST", "")
    assert (trouble.delay_ms, trouble.ending) == (123, plan.faults[2])


def test_the_delay_of_a_late_commit_or_of_a_lag_does_not_delay_the_answer() -> None:
    plan = Plan(faults=(Fault(do="late_commit", delay_ms=100), Fault(do="lag_list", delay_ms=20)))
    trouble = Faults(plan).strike("POST", "")
    assert (trouble.delay_ms, trouble.lag_ms) == (0, 20)


@pytest.mark.parametrize(
    ("do", "method", "rest"),
    [
        ("bad_item", "POST", ""),
        ("bad_item", "POST", "/batch/archive"),
        ("shuffle", "GET", ""),
        ("lag_list", "PATCH", GUID),
    ],
)
def test_a_fault_is_not_spent_on_a_request_that_it_cannot_touch(do: str, method: str, rest: str) -> None:
    assert not msgspec.convert({"do": do}, Fault).is_for(method, rest)


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "explode"},
        {"do": "status_before"},
        {"do": "status_after", "status": 200},
        {"do": "delay", "share": 1.5},
        {"do": "delay", "delay_ms": -1},
        {"do": "delay", "often": 3},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(fault: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"faults": [fault]}, Plan)


@given(
    seed=st.integers(min_value=0, max_value=2**32),
    shares=st.lists(st.floats(min_value=0, max_value=1), min_size=1, max_size=4),
    requests=st.lists(st.sampled_from(REQUESTS), max_size=30),
)
def test_the_same_plan_meets_the_same_requests_with_the_same_trouble(
    seed: int, shares: list[float], requests: list[tuple[str, str]]
) -> None:
    kinds = ("cut_before", "bad_item", "delay", "cut_after")
    plan = msgspec.convert(
        {"seed": seed, "faults": [{"do": do, "share": share} for do, share in zip(kinds, shares, strict=False)]}, Plan
    )
    first, second = Faults(plan), Faults(plan)
    assert [first.strike(*request) for request in requests] == [second.strike(*request) for request in requests]
