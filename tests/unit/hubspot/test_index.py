"""What a look-up has found."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from campaigns import keys
from campaigns.hubspot.index import Index, look_up_properties
from campaigns.hubspot.types import Campaign

RUN, OTHER = "a" * 26, "b" * 26
SUBJECT = "c" * 26


def a_campaign(number: int, name: str = "Launch", notes: str = "", **properties: str) -> Campaign:
    return Campaign(f"id-{number}", {"hs_name": name, "hs_notes": notes, **properties})


def an_index(*campaigns: Campaign, marker_property: str | None = None) -> Index:
    index = Index(marker_property)
    index.learn_all(campaigns)
    return index


def test_a_campaign_is_found_by_the_run_in_its_marker() -> None:
    mine = a_campaign(1, notes=f"For the press.\n[fanfare:{RUN}.rs.{SUBJECT}]")
    (found,) = an_index(mine, a_campaign(2, notes=f"[fanfare:{OTHER}.1.-]")).find(RUN)
    assert (found.attempt, found.subject, found.campaign) == (1000, SUBJECT, mine)


def test_the_marker_that_keys_writes_is_the_one_that_is_read_here() -> None:
    """The two modules may not import each other; this holds them together."""
    marker = keys.Marker(RUN, 1_700_000_000_000, SUBJECT)
    (found,) = an_index(a_campaign(1, notes=keys.with_marker("Notes", marker))).find(RUN)
    assert (found.run, found.attempt, found.subject) == (marker.run, marker.attempt, marker.subject)


def test_every_attempt_of_a_run_is_found_the_earliest_first() -> None:
    late, early = a_campaign(1, notes=f"[fanfare:{RUN}.b.-]"), a_campaign(2, notes=f"[fanfare:{RUN}.a.-]")
    assert [found.campaign for found in an_index(late, early).find(RUN)] == [early, late]


def test_a_clone_that_copied_the_notes_is_found_too() -> None:
    notes = f"[fanfare:{RUN}.a.-]"
    assert len(an_index(a_campaign(1, notes=notes), a_campaign(2, notes=notes)).find(RUN)) == 2


def test_an_original_comes_before_its_copies() -> None:
    notes = f"[fanfare:{RUN}.a.-]"
    copy = msgspec.structs.replace(a_campaign(1, notes=notes), created_at=2_000)
    original = msgspec.structs.replace(a_campaign(2, notes=notes), created_at=1_000)
    index = an_index(copy, original)
    assert [found.campaign for found in index.find(RUN)] == [original, copy]
    assert [found.campaign for found in index.all_markers()] == [original, copy]


def test_a_marker_may_stand_in_the_portals_own_property() -> None:
    index = an_index(a_campaign(1, our_marker=f"[fanfare:{RUN}.a.-]"), marker_property="our_marker")
    assert len(index.find(RUN)) == 1
    assert index.properties == ("hs_name", "hs_notes", "our_marker")


def test_the_same_marker_in_notes_and_property_is_one_finding() -> None:
    marker = f"[fanfare:{RUN}.a.-]"
    assert len(an_index(a_campaign(1, notes=marker, our=marker), marker_property="our").find(RUN)) == 1


def test_a_marker_is_not_looked_for_elsewhere() -> None:
    """A name or an audience is the callers' text."""
    assert an_index(a_campaign(1, hs_audience=f"[fanfare:{RUN}.a.-]")).find(RUN) == ()


def test_names_match_exactly_but_for_outer_spaces() -> None:
    """`?name=` finds parts: "Sale" also matches "Flash Sale 2"."""
    sale = a_campaign(1, "Sale ")
    index = an_index(sale, a_campaign(2, "Flash Sale 2"), a_campaign(3, "sale"))
    assert index.named("Sale") == (sale,)


def test_a_campaign_seen_again_stands_in_the_place_of_what_was_known() -> None:
    index = an_index(a_campaign(1, "Old", notes=f"[fanfare:{RUN}.a.-]"))
    index.learn(a_campaign(1, "New"))
    assert index.named("Old") == ()
    assert index.find(RUN) == ()
    assert len(index.named("New")) == 1


def test_every_marker_can_be_read_out() -> None:
    index = an_index(a_campaign(1, notes=f"[fanfare:{RUN}.a.-] [fanfare:{OTHER}.b.-]"), a_campaign(2))
    assert {found.run for found in index.all_markers()} == {RUN, OTHER}


def test_the_name_and_the_notes_are_always_asked_for_once() -> None:
    assert look_up_properties() == ("hs_name", "hs_notes")
    assert look_up_properties("hs_notes") == ("hs_name", "hs_notes")


campaigns = st.builds(
    a_campaign,
    st.integers(1, 4),
    st.sampled_from(["A", "B", " A"]),
    st.sampled_from(["", f"[fanfare:{RUN}.a.-]", f"[fanfare:{OTHER}.b.-]", f"[fanfare:{RUN}.a.-][fanfare:{RUN}.b.-]"]),
)


@given(st.lists(campaigns, max_size=12), st.sets(st.integers(1, 4)))
def test_the_index_is_what_a_search_through_the_newest_sightings_finds(seen: list[Campaign], gone: set[int]) -> None:
    index = an_index(*seen)
    for number in gone:
        index.forget(f"id-{number}")
    newest = {one.id: one for one in seen if int(one.id[3:]) not in gone}
    assert len(index) == len(newest)
    assert {one.id for one in index.named("A")} == {one.id for one in newest.values() if one.name.strip() == "A"}
    for run in (RUN, OTHER):
        holders = {one.id for one in newest.values() if run in one.properties["hs_notes"]}
        assert {found.campaign.id for found in index.find(run)} == holders
