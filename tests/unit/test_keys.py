"""Names: what must be equal is, what must differ does, and nobody signs in our name."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns import keys
from campaigns.keys import Marker
from campaigns.model import Trigger

texts = st.text(max_size=20)


def test_the_same_wish_has_the_same_id_and_every_part_of_it_matters() -> None:
    wish = ("acme-prod", "shop", "k-1", "acme")
    others = [tuple("other" if place == n else part for n, part in enumerate(wish)) for place in range(4)]
    assert keys.run_id(*wish) == keys.run_id(*wish)
    assert len({keys.run_id(*wish), *(keys.run_id(*other) for other in others)}) == 5


@given(st.tuples(texts, texts, texts, texts), st.tuples(texts, texts, texts, texts))
def test_no_two_wishes_share_an_id_however_their_parts_are_cut(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    assert (keys.run_id(*one) == keys.run_id(*other)) == (one == other)


def test_a_header_and_an_event_never_give_the_same_key() -> None:
    assert keys.header_key("a") != keys.event_key("a", "")


def test_the_fingerprint_does_not_depend_on_the_order_of_members() -> None:
    one = Trigger(type="t", data={"a": 1, "b": {"x": 1, "y": 2}})
    other = Trigger(type="t", data={"b": {"y": 2, "x": 1}, "a": 1})
    assert keys.fingerprint(one) == keys.fingerprint(other)


def test_every_part_that_changes_the_wish_changes_the_fingerprint() -> None:
    triggers = [
        Trigger(type="t"), Trigger(type="u"), Trigger(type="t", source="s"), Trigger(type="t", subject="s"),
        Trigger(type="t", data={"a": 1}), Trigger(type="t", portal="p"), Trigger(type="t", notbefore=1),
        Trigger(type="t", sequence=1), Trigger(type="t", callbackurl="https://x"),
    ]  # fmt: skip
    assert len({keys.fingerprint(trigger) for trigger in triggers}) == len(triggers)


def test_the_priority_may_change_under_the_same_key() -> None:
    assert keys.fingerprint(Trigger(type="t", priority="high")) == keys.fingerprint(Trigger(type="t"))


@given(st.integers(0, 2**60), st.booleans(), texts)
def test_a_marker_is_found_again_in_whatever_text_it_signed(attempt: int, with_subject: bool, notes: str) -> None:
    run = keys.run_id("i", "c", "k", "p")
    marker = Marker(run, attempt, keys.subject_hash("s", "x") if with_subject else "-")
    assert keys.marker_in(keys.with_marker(keys.without_markers(notes), marker)) == marker


@given(st.text(st.sampled_from("[]fanre:.-x \n"), max_size=60))
def test_nothing_that_looks_like_a_marker_survives(text: str) -> None:
    assert "[fanfare:" not in keys.without_markers(text).lower()


def test_a_marker_hidden_inside_another_does_not_survive() -> None:
    assert "[fanfare:" not in keys.without_markers("[fan[fanfare:x]fare:abc.1.-]")


def test_every_key_is_permanent_perishable_or_ends_with_what_it_speaks_of() -> None:
    assert set(keys.PREFIXES) >= keys.PERMANENT | keys.PERISHABLE
    assert len(set(keys.PREFIXES.values())) == len(keys.PREFIXES)
