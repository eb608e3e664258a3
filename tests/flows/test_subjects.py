"""Runs of one subject: one campaign, in order, and what comes late sets only what nothing newer has set."""

import httpx
import pytest

from campaigns.keys import lane_name, marker_in
from campaigns.model import Run, Subject
from campaigns.states import Failed
from campaigns.store.verbs import Command
from campaigns.wishes import AddItem, ArchiveCampaign, AttachAsset, CreateCampaign, DetachAssets, UpdateCampaign, Wish
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import advanced, ended, engine, serving

pytestmark = pytest.mark.usefixtures("redis")


def of(key: str, sequence: int, *wishes: Wish) -> Run:
    """A run for the one subject of these tests."""
    return a_run(key, *wishes, subject="sku-1", sequence=sequence)


def properties(hubspot: Running) -> dict[str, str]:
    (campaign,) = hubspot.campaigns()
    told: dict[str, str] = campaign["properties"]
    return told


async def test_an_update_changes_the_subjects_campaign(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        (made,) = await advanced(process, [of("make", 1, CreateCampaign({"hs_name": "A", "hs_audience": "all"}))])
        (changed,) = await advanced(process, [of("change", 2, UpdateCampaign({"hs_audience": "few"}))])
    assert changed.run.campaign == made.run.campaign
    assert (properties(hubspot)["hs_name"], properties(hubspot)["hs_audience"]) == ("A", "few")


async def test_a_second_create_for_a_subject_is_an_update(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [of("one", 1, CreateCampaign({"hs_name": "A"}))])
        await advanced(process, [of("two", 2, CreateCampaign({"hs_name": "B"}))])
    assert properties(hubspot)["hs_name"] == "B"


async def test_what_triggers_have_set_is_kept_with_the_subject_until_its_campaign_is_undone(
    redis_url: str, hubspot: Running
) -> None:
    lane = lane_name("acme", "shared", "sku-1")
    async with engine(redis_url, hubspot.url) as process:
        create = CreateCampaign({"hs_name": "A", "hs_notes": "soon"})
        (made,) = await advanced(process, [of("make", 1, create, AttachAsset("FORM", "1"))])
        kept = (await process.store.bindings.read(lane)).subject
        await process.store.verbs.cancel(made.run.id, "undo", Command("office"))
        async with serving(process):
            await ended(process, [made.run])
        assert (await process.store.bindings.read(lane)).subject == Subject()
    assert (kept.campaign, kept.values, kept.wanted) == (made.run.campaign, create.properties, (("FORM", "1"),))
    assert marker_in(kept.marker) is not None


async def test_an_update_that_arrives_before_its_create_makes_the_campaign_and_the_create_sets_the_rest(
    redis_url: str, hubspot: Running
) -> None:
    update = of("update", 2, UpdateCampaign({"hs_name": "new name", "hs_audience": "few"}))
    create = of("create", 1, CreateCampaign({"hs_name": "old name", "hs_utm": "spring"}))
    async with engine(redis_url, hubspot.url) as process:
        (first,) = await advanced(process, [update])
        (late,) = await advanced(process, [create])
    told = properties(hubspot)
    assert (told["hs_name"], told["hs_audience"], told["hs_utm"]) == ("new name", "few", "spring")
    assert (first.ending, late.ending) == ("done", "done")


async def test_a_run_of_which_nothing_is_left_ends_superseded_and_names_the_newer_runs_campaign(
    redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        newer = of("newer", 9, CreateCampaign({"hs_name": "new"}), AttachAsset("FORM", "2"))
        (done,) = await advanced(process, [newer])
        (late,) = await advanced(process, [of("late", 3, CreateCampaign({"hs_name": "old"}), AttachAsset("FORM", "1"))])
    assert (late.ending, late.run.campaign) == ("superseded", done.run.campaign)
    (campaign,) = hubspot.campaigns()
    assert (campaign["properties"]["hs_name"], campaign["assets"]) == ("new", {"FORM": ["2"]})


async def test_an_update_without_a_campaign_fails_where_the_recipe_makes_none(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        (run,) = await advanced(process, [of("update", 1, UpdateCampaign({"hs_name": "x"}, upsert=False))])
    state = run.run.steps[0].state
    assert run.ending == "failed"
    assert isinstance(state, Failed)
    assert state.problem.detail.startswith("no-campaign")


async def test_an_update_of_the_notes_keeps_the_marker(redis_url: str, hubspot: Running) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [of("make", 1, CreateCampaign({"hs_name": "A", "hs_notes": "first"}))])
        before = marker_in(properties(hubspot)["hs_notes"])
        await advanced(process, [of("change", 2, UpdateCampaign({"hs_notes": "second"}))])
    notes = properties(hubspot)["hs_notes"]
    assert notes.startswith("second\n")
    assert before is not None
    assert marker_in(notes) == before


async def test_a_marker_that_a_person_removed_is_mended_when_a_run_touches_the_campaign(
    redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        (made,) = await advanced(process, [of("make", 1, CreateCampaign({"hs_name": "A"}))])
        await a_person_clears_the_notes(hubspot, made.run.campaign or "")
        await advanced(process, [of("change", 2, UpdateCampaign({"hs_audience": "few"}))])
    marker = marker_in(properties(hubspot)["hs_notes"])
    assert marker is not None
    assert marker.run == made.run.id


async def a_person_clears_the_notes(hubspot: Running, campaign: str) -> None:
    url = f"{hubspot.url}/marketing/campaigns/2026-03/{campaign}"
    async with httpx.AsyncClient(trust_env=False) as http:
        headers = {"authorization": "Bearer pat-test"}
        answer = await http.patch(url, headers=headers, json={"properties": {"hs_notes": "mine now"}})
    answer.raise_for_status()


async def test_where_the_portal_names_a_property_for_markers_notes_stay_clean(redis_url: str, hubspot: Running) -> None:
    hubspot.turn(custom_properties="any")
    hubspot.plan({"method": "POST", "do": "cut_after", "times": 1})
    async with engine(redis_url, hubspot.url, marker_property="fanfare_marker") as process:
        (made,) = await advanced(process, [of("make", 1, CreateCampaign({"hs_name": "A", "hs_notes": "clean"}))])
        await advanced(process, [of("change", 2, UpdateCampaign({"hs_notes": "still clean"}))])
    told = properties(hubspot)
    assert told["hs_notes"] == "still clean"
    marker = marker_in(told["fanfare_marker"])
    assert marker is not None
    assert marker.run == made.run.id


async def test_an_update_whose_answer_is_lost_is_made_again_and_nothing_is_doubled(
    redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [of("make", 1, CreateCampaign({"hs_name": "A"}))])
        hubspot.plan(
            {"method": "PATCH", "do": "cut_after", "times": 1}, {"method": "PATCH", "do": "cut_before", "times": 1}
        )
        (changed,) = await advanced(process, [of("change", 2, UpdateCampaign({"hs_audience": "few"}))])
    assert changed.ending == "done"
    assert properties(hubspot)["hs_audience"] == "few"


async def test_assets_of_an_earlier_set_that_a_newer_one_does_not_name_are_detached_and_no_others(
    redis_url: str, hubspot: Running
) -> None:
    first = of("one", 1, CreateCampaign({"hs_name": "A"}), AttachAsset("FORM", "1"), AttachAsset("FORM", "2"))
    second = of("two", 2, UpdateCampaign({}), AttachAsset("FORM", "2"), AttachAsset("FORM", "3"), DetachAssets())
    hubspot.plan({"method": "DELETE", "do": "cut_after", "times": 1})
    async with engine(redis_url, hubspot.url) as process:
        (made,) = await advanced(process, [first])
        await a_person_attaches(hubspot, made.run.campaign or "", "FORM", "9")
        (changed,) = await advanced(process, [second])
    (campaign,) = hubspot.campaigns()
    assert (changed.ending, campaign["assets"]) == ("done", {"FORM": ["2", "3", "9"]})


async def test_a_set_that_names_nothing_detaches_all_of_ours_and_one_that_comes_late_attaches_nothing(
    redis_url: str, hubspot: Running
) -> None:
    first = of("one", 1, CreateCampaign({"hs_name": "A"}), AttachAsset("FORM", "1"))
    late = of("late", 2, UpdateCampaign({}), AttachAsset("FORM", "2"), DetachAssets())
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [first])
        await advanced(process, [of("none", 3, UpdateCampaign({}), DetachAssets())])
        (late_,) = await advanced(process, [late])
    (campaign,) = hubspot.campaigns()
    assert (late_.ending, campaign["assets"].get("FORM", [])) == ("done", [])


async def test_an_archived_campaign_is_gone_what_is_older_makes_none_and_what_is_newer_another(
    redis_url: str, hubspot: Running
) -> None:
    hubspot.plan({"method": "DELETE", "do": "cut_after", "times": 1})
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [of("make", 1, CreateCampaign({"hs_name": "A"}))])
        (archived,) = await advanced(process, [of("archive", 5, ArchiveCampaign())])
        (older,) = await advanced(process, [of("older", 3, CreateCampaign({"hs_name": "B"}), AttachAsset("FORM", "1"))])
        assert [one for one in hubspot.campaigns() if not one["archived"]] == []
        (newer,) = await advanced(process, [of("newer", 7, CreateCampaign({"hs_name": "C"}))])
    live = [one["properties"]["hs_name"] for one in hubspot.campaigns() if not one["archived"]]
    assert (archived.ending, older.ending, newer.ending, live) == ("done", "superseded", "done", ["C"])


async def test_an_archiving_that_arrives_first_or_late_leaves_what_it_would_in_order(
    redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        (nothing,) = await advanced(process, [of("first", 5, ArchiveCampaign())])
        (older,) = await advanced(process, [of("older", 3, CreateCampaign({"hs_name": "A"}))])
        await advanced(process, [of("newer", 7, CreateCampaign({"hs_name": "B"}))])
        (late,) = await advanced(process, [of("late", 6, ArchiveCampaign())])
    live = [one["properties"]["hs_name"] for one in hubspot.campaigns() if not one["archived"]]
    assert (nothing.ending, older.ending, late.ending, live) == ("done", "superseded", "superseded", ["B"])


async def test_another_campaign_of_a_subject_is_made_beside_the_first_and_is_the_one_that_changes_then(
    redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [of("one", 1, CreateCampaign({"hs_name": "A"}))])
        await advanced(process, [of("two", 2, CreateCampaign({"hs_name": "B"}, another=True))])
        await advanced(process, [of("three", 3, UpdateCampaign({"hs_audience": "few"}))])
    told = {one["properties"]["hs_name"]: one["properties"].get("hs_audience") for one in hubspot.campaigns()}
    assert told == {"A": None, "B": "few"}


async def test_an_update_without_a_name_and_without_a_campaign_fails_rather_than_asks_in_vain(
    redis_url: str, hubspot: Running
) -> None:
    async with engine(redis_url, hubspot.url) as process:
        (run,) = await advanced(process, [of("update", 1, UpdateCampaign({"hs_audience": "few"}))])
    assert (run.ending, hubspot.campaigns()) == ("failed", [])


async def a_person_attaches(hubspot: Running, campaign: str, kind: str, asset: str) -> None:
    url = f"{hubspot.url}/marketing/campaigns/2026-03/{campaign}/assets/{kind}/{asset}"
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.put(url, headers={"authorization": "Bearer pat-test"})
    answer.raise_for_status()


async def test_a_retried_run_brings_the_assets_to_its_set_though_there_was_nothing_to_detach_when_it_failed(
    redis_url: str, hubspot: Running
) -> None:
    hubspot.plan({"method": "POST", "do": "status_before", "status": 400, "times": 1})
    create = CreateCampaign({"hs_name": "A"})
    newer = of("newer", 2, create, AttachAsset("FORM", "3"), DetachAssets())
    older = of("older", 1, create, AttachAsset("FORM", "1"), DetachAssets())
    async with engine(redis_url, hubspot.url) as process:
        (failed,) = await advanced(process, [newer])
        await advanced(process, [older])
        await process.store.verbs.retry(newer.id, Command("office"))
        async with serving(process):
            (retried,) = await ended(process, [newer])
    (campaign,) = hubspot.campaigns()
    assert (failed.ending, retried.ending, campaign["assets"]) == ("failed", "done", {"FORM": ["3"]})


async def test_a_run_that_is_undone_leaves_what_it_has_detached_and_says_so(redis_url: str, hubspot: Running) -> None:
    first = of("one", 1, CreateCampaign({"hs_name": "A"}), AttachAsset("FORM", "1"))
    second = of("two", 2, UpdateCampaign({}), AttachAsset("FORM", "2"), AddItem("budget", "x", 1.0, 0), DetachAssets())
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [first])
        await advanced(process, [second])
        await process.store.verbs.cancel(second.id, "undo", Command("office"))
        async with serving(process):
            (undone,) = await ended(process, [second])
    (campaign,) = hubspot.campaigns()
    state = undone.run.step("undo detach_assets").state
    assert (undone.ending, campaign["assets"], campaign["budget"]) == ("cancelled", {"FORM": ["2"]}, [])
    assert isinstance(state, Failed)
    assert state.problem.detail == "left: what was archived or detached is not brought back"
