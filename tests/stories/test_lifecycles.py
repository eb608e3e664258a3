"""Lives of a product and of a webinar by the example recipes, from each trigger to the campaign and the callback."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from campaigns.keys import without_markers
from tests.receiver import Receiver
from tests.stories.conftest import Stand

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str, **more: object) -> dict[str, Any]:
    """The trigger of an example, *more* in its place."""
    told: dict[str, Any] = msgspec.json.decode((EXAMPLES / f"{name}.json").read_bytes())
    return {**told, **more}


class Life:
    """Triggers for one subject, one after the other, and what becomes of its campaign."""

    def __init__(self, stand: Stand, receiver: Receiver, subject: str, caller: str = "shop") -> None:
        self._stand, self._receiver, self._subject, self._caller = stand, receiver, subject, caller

    async def send(self, name: str, **more: object) -> dict[str, Any]:
        """Send an example and return its callback's body."""
        number = len(self._receiver.received) + 1
        trigger = example(name, subject=self._subject, callbackurl=self._receiver.url(), **more)
        answer = await self._stand.send(trigger, caller=self._caller, key=f"{self._subject} {name} {number}")
        assert answer.status_code == 202, answer.text
        received = await self._receiver.wait_for(number)
        return self._stand.verified(received[number - 1], caller=self._caller)

    def properties(self) -> dict[str, str]:
        """What the one campaign of the subject shows."""
        (campaign,) = self._stand.hubspot.campaigns()
        return {name: without_markers(value).strip() for name, value in campaign["properties"].items()}

    def has(self) -> tuple[dict[str, list[str]], list[tuple[str, float]]]:
        """The campaign's assets, and its budget and spend items."""
        (campaign,) = self._stand.hubspot.campaigns()
        items = [(item["name"], float(item["amount"])) for item in (*campaign["budget"], *campaign["spend"])]
        return {kind: ids for kind, ids in campaign["assets"].items() if ids}, items


async def test_a_product_that_is_launched_gets_a_campaign_in_progress(stand: Stand) -> None:
    async with Receiver() as receiver:
        life = Life(stand, receiver, "story-launched")
        body = await life.send("product-launched")
    told = life.properties()
    assert (body["type"], body["run"]["campaign"]["name"]) == ("run.done", "Launch: Nova espresso machine")
    assert (told["hs_campaign_status"], told["hs_start_date"]) == ("in_progress", "2026-12-01")
    assert (told["hs_audience"], told["hs_utm"]) == ("home baristas", "launch-story-launched")
    assets = {"MARKETING_EMAIL": ["71001"], "SOCIAL_BROADCAST": ["71002"], "LANDING_PAGE": ["71003"]}
    assert life.has() == (assets, [("Launch budget", 12000.0)])


async def test_a_launch_that_is_scheduled_is_planned_on_the_calendar_of_the_portal_across_the_end_of_summer_time(
    stand: Stand,
) -> None:
    """On sale at half past midnight of October 1 in Berlin; 30 days later the clocks there are an hour back."""
    async with Receiver() as receiver:
        life = Life(stand, receiver, "story-scheduled")
        body = await life.send("product-scheduled")
    told = life.properties()
    assert body["type"] == "run.done"
    assert (told["hs_campaign_status"], told["hs_utm"]) == ("planned", "launch-nova-espresso-machine")
    assert (told["hs_start_date"], told["hs_end_date"]) == ("2026-10-01", "2026-10-31")


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("updated", {"hs_name": "Launch: Nova II espresso machine", "hs_end_date": "2026-12-31"}),
        ("rescheduled", {"hs_start_date": "2026-12-08", "hs_end_date": "2027-01-07"}),
        ("paused", {"hs_campaign_status": "paused"}),
        ("resumed", {"hs_campaign_status": "in_progress"}),
        # Half past eleven by UTC is the next day in Berlin, which has summer time since that morning.
        ("retired", {"hs_campaign_status": "completed", "hs_end_date": "2027-03-29"}),
        ("ended", {"hs_campaign_status": "completed", "hs_end_date": "2027-04-01"}),
        ("cancelled", {"hs_campaign_status": "paused", "hs_notes": "Cancelled on 2026-11-26: the boiler leaks"}),
    ],
)
async def test_what_happens_to_a_product_changes_its_campaign(
    stand: Stand, stage: str, expected: dict[str, str]
) -> None:
    async with Receiver() as receiver:
        life = Life(stand, receiver, f"story-product-{stage}")
        launched = await life.send("product-launched", sequence="0")
        changed = await life.send(f"product-{stage}")
    told = life.properties()
    assert {name: told[name] for name in expected} == expected
    assert changed["type"] == "run.done"
    assert changed["run"]["campaign"]["id"] == launched["run"]["campaign"]["id"]
    assert life.has()[1] == [("Launch budget", 12000.0)]


async def test_the_assets_of_an_update_are_the_ones_that_the_campaign_has_then(stand: Stand) -> None:
    async with Receiver() as receiver:
        life = Life(stand, receiver, "story-assets")
        await life.send("product-launched", sequence="0")
        body = await life.send("product-updated")
    assert life.has()[0] == {"MARKETING_EMAIL": ["71001"], "LANDING_PAGE": ["71004"]}
    assert {step["name"]: step["state"] for step in body["run"]["steps"]}["detach_assets"] == "done"


async def test_an_asset_that_may_fail_leaves_its_run_partial(stand: Stand) -> None:
    stand.hubspot.lose_assets("71004")
    async with Receiver() as receiver:
        life = Life(stand, receiver, "story-partial")
        body = await life.send("product-updated")
    assert body["type"] == "run.partial"
    assert life.has()[0] == {"MARKETING_EMAIL": ["71001"]}


@pytest.mark.parametrize(
    ("stage", "expected", "items"),
    [
        ("launched", {"hs_campaign_status": "in_progress"}, []),
        ("updated", {"hs_name": "Webinar: Descaling without tears or gloves"}, []),
        ("rescheduled", {"hs_start_date": "2026-12-16", "hs_end_date": "2026-12-16"}, []),
        ("paused", {"hs_campaign_status": "paused"}, []),
        ("resumed", {"hs_campaign_status": "in_progress"}, []),
        ("ended", {"hs_campaign_status": "completed"}, [("Speaker", 800.0), ("Platform", 120.5)]),
        ("retired", {"hs_campaign_status": "completed"}, []),
        ("cancelled", {"hs_campaign_status": "paused"}, []),
    ],
)
async def test_a_webinar_is_planned_and_follows_what_happens_to_it(
    stand: Stand, stage: str, expected: dict[str, str], items: list[tuple[str, float]]
) -> None:
    async with Receiver() as receiver:
        life = Life(stand, receiver, f"story-event-{stage}", caller="events")
        scheduled = await life.send("event-scheduled", sequence="0")
        before = life.properties()
        changed = await life.send(f"event-{stage}")
    told = life.properties()
    assert (scheduled["type"], before["hs_campaign_status"]) == ("run.done", "planned")
    assert {name: told[name] for name in expected} == expected
    assert (changed["type"], life.has()[1]) == ("run.done", items)


async def test_a_second_launch_of_a_product_changes_its_campaign(stand: Stand) -> None:
    async with Receiver() as receiver:
        life = Life(stand, receiver, "story-twice")
        first = await life.send("product-launched", sequence="0")
        second = await life.send("product-launched", sequence="1")
    assert first["run"]["campaign"] == second["run"]["campaign"]
    assert life.properties()["hs_campaign_status"] == "in_progress"


async def test_a_campaign_may_be_requested_with_everything_that_it_is_to_have(stand: Stand) -> None:
    async with Receiver() as receiver:
        life = Life(stand, receiver, "story-requested")
        body = await life.send("campaign-requested")
    assert body["type"] == "run.done"
    assert life.properties()["hs_start_date"] == "2026-12-27"
    assets = {"MARKETING_EMAIL": ["73001"], "FORM": ["73002"]}
    assert life.has() == (assets, [("Ads", 2500.0), ("Agency", 400.5)])
