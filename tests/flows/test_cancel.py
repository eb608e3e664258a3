"""Cancelling runs, before, between and after their steps: what they have made is left, or undone if it is nobody else's."""

from typing import Any

import httpx
import pytest

from campaigns.errors import Conflict
from campaigns.model import Run, Stored
from campaigns.states import Done, Failed, Receipt
from campaigns.store.portals import Finished, Lease
from campaigns.store.verbs import Command
from campaigns.wishes import AddItem, AttachAsset, CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, ended, engine, serving
from tests.flows.working import until
from workers.process import Process

pytestmark = pytest.mark.usefixtures("redis")
OFFICE = Command("office")
EMAIL = "attach_asset MARKETING_EMAIL 1"


def a_rich_run(key: str) -> Run:
    """A run with something of every kind."""
    return a_run(
        key,
        CreateCampaign({"hs_name": key, "hs_notes": "a note"}),
        AttachAsset("MARKETING_EMAIL", "1"),
        AttachAsset("FORM", "2"),
        AddItem("budget", "Ads", 12.0, 0),
        AddItem("spend", "Print", 3.5, 0, "in colour"),
    )


def states(stored: Stored) -> dict[str, str]:
    return {step.name: str(step.state.__struct_config__.tag) for step in stored.run.steps}


def why(stored: Stored, step: str) -> str:
    state = stored.run.step(step).state
    assert isinstance(state, Failed)
    return state.problem.detail


async def changes(hubspot: Running, method: str, path: str = "", body: object = None) -> dict[str, Any]:
    """What somebody else changes in HubSpot."""
    url = f"{hubspot.url}/marketing/campaigns/2026-03{path}"
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.request(method, url, json=body, headers={"authorization": "Bearer pat-test"})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


async def undone(process: Process, run: Run) -> Stored:
    """The run once it has been undone."""
    await process.store.verbs.cancel(run.id, "undo", OFFICE)
    async with serving(process):
        (stored,) = await ended(process, [run])
    return stored


async def in_flight(hubspot: Running, requests: int = 1) -> None:
    async def asked() -> bool:
        return int(hubspot.stats()["requests"]) >= requests

    await until(asked)


async def test_a_create_in_flight_is_heard_out_and_what_it_made_is_left(redis_url: str, hubspot: Running) -> None:
    hubspot.plan({"method": "POST", "do": "delay", "delay_ms": 400, "times": 1})
    run = a_run("in flight")
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(process, [run])
        await in_flight(hubspot)
        answer = await process.store.verbs.cancel(run.id, "leave", OFFICE)
        (stored,) = await ended(process, [run])
    (campaign,) = hubspot.campaigns()
    assert (answer.outcome, stored.ending, stored.run.campaign) == ("cancelling", "cancelled", campaign["id"])
    assert states(stored) == {"create_campaign": "done", EMAIL: "pending"}
    assert (campaign["assets"], campaign["archived"]) == ({}, False)
    assert [(one.verb, one.by) for one in stored.history] == [("cancel", "office")]


@pytest.mark.parametrize("fault", [{"do": "delay", "delay_ms": 400}, {"do": "cut_after"}, {"do": "cut_before"}])
async def test_a_create_in_flight_that_is_to_be_undone_leaves_no_campaign(
    redis_url: str, hubspot: Running, fault: dict[str, object]
) -> None:
    """Its answer may get lost: what is in doubt is looked up before anything is said to be undone."""
    hubspot.plan({"method": "POST", "path": "", "times": 1} | fault, {"method": "GET", "do": "delay", "delay_ms": 200})
    run = a_run("in flight")
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(process, [run])
        await in_flight(hubspot)
        await process.store.verbs.cancel(run.id, "undo", OFFICE)
        (stored,) = await ended(process, [run])
    assert stored.ending == "cancelled"
    assert all(campaign["archived"] and not campaign["assets"] for campaign in hubspot.campaigns())
    assert len(hubspot.campaigns()) <= 1


async def test_nothing_is_begun_for_a_cancelled_run_whose_holder_has_not_heard_of_it(
    redis_url: str, hubspot: Running
) -> None:
    """The journal itself refuses, so it does not matter whether a message gets lost."""
    hubspot.plan({"method": "PUT", "do": "delay", "delay_ms": 200})
    run = a_run("many", CreateCampaign({"hs_name": "many"}), *(AttachAsset("FORM", str(n)) for n in range(9)))
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(process, [run])
        await in_flight(hubspot, 3)
        before = hubspot.stats()["requests"]
        await process.store.verbs.cancel(run.id, "leave", OFFICE)
        (stored,) = await ended(process, [run])
    assert hubspot.stats()["requests"] - before <= 1  # one may have left between the look and the verb
    assert stored.ending == "cancelled"


async def test_a_create_that_waits_for_its_turn_is_not_made_for_a_cancelled_run_and_the_others_are(
    redis_url: str, hubspot: Running
) -> None:
    """While one batch is out for a second, the next one gathers: one of it is cancelled there."""
    hubspot.plan({"method": "POST", "do": "delay", "delay_ms": 1_500, "times": 1})
    out, kept, wrong = (a_run(key, CreateCampaign({"hs_name": key})) for key in ("out", "kept", "wrong"))
    async with engine(redis_url, hubspot.url) as process, serving(process):
        await accept(process, [out])
        await in_flight(hubspot)
        await accept(process, [kept, wrong])

        async def gathered() -> bool:
            return (await process.store.runs.read(wrong.id)).place == "flight"

        await until(gathered)
        await process.store.verbs.cancel(wrong.id, "leave", OFFICE)
        found = await ended(process, [out, kept, wrong])
    assert [stored.ending for stored in found] == ["done", "done", "cancelled"]
    assert [campaign["properties"]["hs_name"] for campaign in hubspot.campaigns()] == ["out", "kept"]


async def test_an_attachment_in_doubt_is_looked_up_and_not_repeated_when_the_run_is_to_end(
    redis_url: str, hubspot: Running
) -> None:
    hubspot.plan({"method": "PUT", "do": "cut_after", "times": 1})
    run = a_run("doubt")
    async with engine(redis_url, hubspot.url, settle=0.8) as process, serving(process):
        await accept(process, [run])
        await in_flight(hubspot, 2)
        await process.store.verbs.cancel(run.id, "leave", OFFICE)
        (stored,) = await ended(process, [run])
    assert states(stored) == {"create_campaign": "done", EMAIL: "done"}
    assert [row["method"] for row in hubspot.ledger()] == ["POST", "PUT"]


async def test_undoing_a_done_run_removes_all_that_it_made_the_last_first(redis_url: str, hubspot: Running) -> None:
    run = a_rich_run("wrong")
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [run])
        stored = await undone(process, run)
    removals = [row["path"].split("/")[-2:] for row in hubspot.ledger() if row["method"] == "DELETE"]
    assert [path[-2] for path in removals[:4]] == ["spend", "budget", "FORM", "MARKETING_EMAIL"]
    assert removals[4][-1] == stored.run.campaign
    assert (stored.ending, hubspot.campaigns()[0]["archived"]) == ("cancelled", True)
    undoing = {name: state for name, state in states(stored).items() if name.startswith("undo ")}
    assert set(undoing.values()) == {"done"}
    assert len(undoing) == len(run.steps)


async def test_a_removal_whose_answer_is_lost_is_repeated_and_confirmed(redis_url: str, hubspot: Running) -> None:
    run = a_rich_run("lost")
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [run])
        hubspot.plan(
            {"method": "DELETE", "do": "cut_before", "times": 2}, {"method": "DELETE", "do": "cut_after", "times": 2}
        )
        stored = await undone(process, run)
    assert {state for name, state in states(stored).items() if name.startswith("undo ")} == {"done"}
    assert hubspot.campaigns()[0]["archived"]


async def test_a_campaign_with_somebody_elses_asset_is_left_and_reported(redis_url: str, hubspot: Running) -> None:
    run = a_rich_run("used")
    async with engine(redis_url, hubspot.url) as process:
        (stored,) = await advanced(process, [run])
        await changes(hubspot, "PUT", f"/{stored.run.campaign}/assets/FORM/7")
        stored = await undone(process, run)
    (campaign,) = hubspot.campaigns()
    assert (campaign["archived"], campaign["assets"], campaign["budget"]) == (False, {"FORM": ["7"]}, [])
    assert why(stored, "undo create_campaign") == "left: it has assets"
    assert stored.ending == "cancelled"


async def test_a_campaign_and_an_item_that_somebody_has_edited_are_left(redis_url: str, hubspot: Running) -> None:
    run = a_rich_run("edited")
    async with engine(redis_url, hubspot.url) as process:
        (stored,) = await advanced(process, [run])
        item = hubspot.campaigns()[0]["budget"][0]
        told = {"name": "Ads", "amount": 99, "order": 0, "description": item["description"]}
        await changes(hubspot, "PUT", f"/{stored.run.campaign}/budget/{item['id']}", told)
        stored = await undone(process, run)
        assert why(stored, "undo add_budget_item 0") == "left: somebody has edited it"
        assert why(stored, "undo create_campaign") == "left: it has budget or spend items"
        await changes(hubspot, "DELETE", f"/{stored.run.campaign}/budget/{item['id']}")
        await changes(hubspot, "PATCH", f"/{stored.run.campaign}", {"properties": {"hs_name": "Mine now"}})
        stored = await undone(process, run)
    assert why(stored, "undo create_campaign") == "left: somebody has edited hs_name"
    assert states(stored)["undo add_budget_item 0"] == "done"
    assert not hubspot.campaigns()[0]["archived"]


async def test_a_persons_campaign_that_a_run_has_adopted_is_left(redis_url: str, hubspot: Running) -> None:
    """A receipt alone is no proof: the campaign must bear the run's marker."""
    run, lease = a_run("adopted", CreateCampaign({"hs_name": "Hers"})), Lease("acme", "p", "t")
    hers = await changes(hubspot, "POST", body={"properties": {"hs_name": "Hers"}})
    async with engine(redis_url, hubspot.url) as process:
        await accept(process, [run])
        await process.store.portals.take(lease, 0)
        (claimed,) = (await process.store.portals.claim(lease, 1, 0)).runs
        adopted = claimed.run.with_state("create_campaign", Done(Receipt(hers["id"], adopted=True)), 1)
        await process.store.portals.finish(lease, [Finished(adopted, claimed.version, "done")], 86_400_000)
        await process.store.portals.release(lease, 0, anyway=True)
        stored = await undone(process, run)
    assert why(stored, "undo create_campaign").startswith("left: it does not bear this run's marker")
    assert not hubspot.campaigns()[0]["archived"]


async def test_what_an_update_has_changed_is_left_and_its_subjects_campaign_too(
    redis_url: str, hubspot: Running
) -> None:
    first = a_run("first", CreateCampaign({"hs_name": "Lamp"}), subject="lamp")
    second = a_run("second", CreateCampaign({"hs_name": "Better lamp"}), AttachAsset("FORM", "2"), subject="lamp")
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [first])
        (stored,) = await advanced(process, [second])
        assert states(stored)[stored.run.steps[0].name] == "done"
        with pytest.raises(Conflict, match="nothing in HubSpot that this run has made"):
            await process.store.verbs.cancel(second.id, "undo", OFFICE)
        stored = await undone(process, first)
    (campaign,) = hubspot.campaigns()
    assert (campaign["archived"], campaign["assets"]) == (False, {"FORM": ["2"]})
    assert why(stored, "undo create_campaign") == "left: it has assets"


async def test_a_subject_whose_campaign_was_undone_gets_a_new_one(redis_url: str, hubspot: Running) -> None:
    wrong, right = (a_run(key, CreateCampaign({"hs_name": key}), subject="lamp") for key in ("wrong", "right"))
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [wrong])
        await undone(process, wrong)
        await advanced(process, [right])
    assert [(one["properties"]["hs_name"], one["archived"]) for one in hubspot.campaigns()] == [
        ("wrong", True),
        ("right", False),
    ]


async def test_what_was_undone_is_not_retried_but_what_was_left_whole_is(redis_url: str, hubspot: Running) -> None:
    undone_, left = a_run("undone", CreateCampaign({"hs_name": "1"})), a_run("left", CreateCampaign({"hs_name": "2"}))
    async with engine(redis_url, hubspot.url) as process:
        _, stored = await advanced(process, [undone_, left])
        await changes(hubspot, "PUT", f"/{stored.run.campaign}/assets/FORM/7")
        for run in (undone_, left):
            await undone(process, run)
        with pytest.raises(Conflict):
            await process.store.verbs.retry(undone_.id, OFFICE)
        await process.store.verbs.retry(left.id, OFFICE)
        async with serving(process):
            (again,) = await ended(process, [left])
    assert (again.ending, again.run.cancel, states(again)) == ("done", None, {"create_campaign": "done"})


async def test_a_failed_run_is_retried_from_the_failed_step(redis_url: str, hubspot: Running) -> None:
    hubspot.lose_assets("1")
    run = a_run("retried")
    async with engine(redis_url, hubspot.url) as process:
        (failed,) = await advanced(process, [run])
        assert failed.ending == "failed"
        hubspot.lose_assets()
        answer = await process.store.verbs.retry(run.id, OFFICE)
        async with serving(process):
            (stored,) = await ended(process, [run])
    assert (answer.outcome, stored.ending) == ("reopened", "done")
    (campaign,) = hubspot.campaigns()
    assert (stored.run.campaign, campaign["assets"]) == (campaign["id"], {"MARKETING_EMAIL": ["1"]})
    assert [one.verb for one in stored.history] == ["retry"]


async def test_a_cancelled_run_is_retried_with_what_it_had_not_begun(redis_url: str, hubspot: Running) -> None:
    run = a_run("on and off")
    async with engine(redis_url, hubspot.url) as process:
        await accept(process, [run])
        await process.store.verbs.cancel(run.id, "leave", OFFICE)
        (cancelled,) = await ended(process, [run])
        await process.store.verbs.retry(run.id, OFFICE)
        async with serving(process):
            (stored,) = await ended(process, [run])
    assert (cancelled.ending, stored.ending, stored.run.cancel) == ("cancelled", "done", None)
    assert [one.verb for one in stored.history] == ["cancel", "retry"]
