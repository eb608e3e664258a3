"""The calls that a planned run would make."""

from campaigns.forecast import calls
from campaigns.lanes import resolve
from campaigns.model import Subject
from campaigns.wishes import AddItem, AttachAsset, CreateCampaign, UpdateCampaign
from tests.builders import a_run

ROOT = "/marketing/campaigns/2026-03"


def test_a_create_with_all_that_belongs_to_it() -> None:
    run = a_run(
        "k",
        CreateCampaign({"hs_name": "Launch"}),
        AttachAsset("FORM", "7"),
        AddItem("budget", "Ads", 10.0, 0, "spring"),
    )
    found = [(call.step, call.method, call.path, call.body) for call in calls(run, "2026-03")]
    assert found == [
        ("create_campaign", "POST", ROOT, {"properties": {"hs_name": "Launch"}}),
        ("attach_asset FORM 7", "PUT", ROOT + "/{campaign}/assets/FORM/7", None),
        (
            "add_budget_item 0",
            "POST",
            ROOT + "/{campaign}/budget",
            {"name": "Ads", "amount": 10.0, "order": 0, "description": "spring"},
        ),
    ]


def test_an_update_reads_before_it_writes() -> None:
    run = a_run("k", UpdateCampaign({"hs_notes": "n"}))
    found = calls(run, "v3", "c-1")
    assert [(call.method, call.path) for call in found] == [
        ("GET", "/marketing/v3/campaigns/c-1?properties=hs_notes"),
        ("PATCH", "/marketing/v3/campaigns/c-1"),
    ]


def test_a_create_for_a_subject_that_has_a_campaign_changes_it_and_what_is_stale_makes_no_call() -> None:
    run = a_run("k", CreateCampaign({"hs_name": "Launch"}), AttachAsset("FORM", "7"), subject="sku-1")
    known = Subject(campaign="c-1", orders={}, assets="9")
    found = calls(resolve(run, "0", known), "2026-03", known.campaign)
    assert [(call.method, call.path) for call in found] == [
        ("GET", ROOT + "/c-1?properties=hs_name"),
        ("PATCH", ROOT + "/c-1"),
    ]
