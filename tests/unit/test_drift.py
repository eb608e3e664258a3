"""Drift: what of a campaign is not as its subject's triggers have set it, and that mending leaves nothing of it."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.drift import (
    AssetLeft,
    AssetMissing,
    CampaignGone,
    Difference,
    Found,
    MarkerLost,
    PropertyDiffers,
    PropertyMissing,
    differences,
    spoken_of,
)
from campaigns.keys import Marker, marker_in, without_markers
from campaigns.model import Subject
from campaigns.signing import Signing

MARKER = str(Marker("0" * 32, 7, "1" * 32))
THEIRS = str(Marker("2" * 32, 8))
NOTES, APART = Signing(), Signing("fanfare_marker")

SUBJECT = Subject(
    campaign="c-1",
    marker=MARKER,
    values={"hs_name": "Lamp", "hs_campaign_status": "paused", "hs_audience": "all"},
    wanted=(("FORM", "1"), ("FORM", "2")),
    gone=(("FORM", "3"),),
)
AS_WANTED = {**SUBJECT.values, "hs_notes": f"written by a person\n{MARKER}"}


def drifted(subject: Subject = SUBJECT, assets: frozenset[str] = frozenset("12"), **changed: str) -> list[Difference]:
    found = Found(AS_WANTED | changed, frozenset(("FORM", asset) for asset in assets))
    return list(differences(subject, found, NOTES))


def test_a_campaign_that_is_as_it_is_wanted_has_not_drifted() -> None:
    assert drifted() == []


def test_each_difference_is_told_and_nothing_else() -> None:
    told = drifted(assets=frozenset("239"), hs_name="Lampe", hs_audience="", hs_notes="mine now", hs_utm="theirs")
    assert told == [
        PropertyMissing("hs_audience", "all"),
        PropertyDiffers("hs_name", "Lamp", "Lampe"),
        AssetMissing("FORM", "1"),
        AssetLeft("FORM", "3"),
        MarkerLost(),
    ]


def test_what_people_attach_or_write_where_no_trigger_has_is_theirs() -> None:
    assert drifted(assets=frozenset("129"), hs_notes=f"edited\n{MARKER}", hs_utm="theirs") == []


def test_what_hubspot_itself_changes_about_a_value_is_no_drift() -> None:
    assert drifted(hs_name=" Lamp ", hs_campaign_status="PAUSED") == []


def test_a_property_that_hubspot_has_retired_is_never_missed() -> None:
    subject = Subject(campaign="c-1", values={"hs_goal": "fame"})
    assert differences(subject, Found({}, frozenset()), NOTES) == ()


def test_a_campaign_that_is_gone_is_all_there_is_to_say() -> None:
    assert differences(SUBJECT, None, NOTES) == (CampaignGone(),)


def test_of_a_subject_without_a_campaign_nothing_is_wanted() -> None:
    assert differences(Subject(archived="9", values={"hs_name": "Lamp"}), None, NOTES) == ()


def test_a_campaign_that_bears_another_marker_has_not_lost_it_and_one_that_was_bound_has_none_to_lose() -> None:
    assert drifted(hs_notes=THEIRS) == []
    assert drifted(Subject(campaign="c-1", values={"hs_name": "Lamp"}), hs_notes="") == []


names = st.sampled_from(["hs_name", "hs_campaign_status", "hs_audience", "hs_notes", "hs_goal", "custom"])
texts = st.text(" \nabAB", max_size=6)
signed = st.tuples(texts, st.sampled_from(["", MARKER, THEIRS]), texts).map("".join)
assets = st.frozensets(st.tuples(st.sampled_from(["FORM", "CTA"]), st.sampled_from("123")))


def shown_by_hubspot(properties: dict[str, str]) -> dict[str, str]:
    """What HubSpot makes of what is written, at its most inventive."""
    kept = {name: text for name, text in properties.items() if name != "hs_goal"}
    kept["hs_name"] = kept.get("hs_name", "").strip()
    kept["hs_campaign_status"] = kept.get("hs_campaign_status", "").upper()
    return {name: text for name, text in kept.items() if text}


@given(
    st.dictionaries(names, texts),
    st.dictionaries(names | st.just("fanfare_marker"), signed),
    st.sampled_from([MARKER, ""]),
    st.sampled_from([NOTES, APART]),
)
def test_what_was_mended_has_not_drifted_and_all_else_is_as_it_was(
    values: dict[str, str], found: dict[str, str], marker: str, signing: Signing
) -> None:
    subject = Subject(campaign="c-1", marker=marker, values=values)
    now = shown_by_hubspot(found)
    written = signing.changes(values, now, marker)
    after = shown_by_hubspot(now | written)
    assert bool(written) == bool(differences(subject, Found(now, frozenset()), signing))
    assert differences(subject, Found(after, frozenset()), signing) == ()
    assert signing.changes(values, after, marker) == {}
    untouched = (now.keys() | after.keys()) - values.keys() - {signing.place or "hs_notes"}
    assert {name: after.get(name) for name in untouched} == {name: now.get(name) for name in untouched}
    if signing == NOTES and "hs_notes" not in values:
        assert without_markers(after.get("hs_notes", "")).strip() == without_markers(now.get("hs_notes", "")).strip()
    assert signing.marker_in(after) == (signing.marker_in(now) or marker_in(marker))


@given(assets, assets, assets)
def test_the_assets_are_the_wanted_set_and_those_of_people_once_they_are_mended(
    wanted: frozenset[tuple[str, str]], before: frozenset[tuple[str, str]], attached: frozenset[tuple[str, str]]
) -> None:
    subject = Subject(campaign="c-1", wanted=tuple(wanted), gone=tuple(before - wanted))
    told = differences(subject, Found({}, attached), NOTES)
    missing = {(one.type, one.id) for one in told if isinstance(one, AssetMissing)}
    left = {(one.type, one.id) for one in told if isinstance(one, AssetLeft)}
    mended = (attached | missing) - left
    assert differences(subject, Found({}, mended), NOTES) == ()
    assert mended - spoken_of(subject) == attached - spoken_of(subject)
