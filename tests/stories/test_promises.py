"""The promises, each as a story with every program a process of its own."""

import asyncio
import signal
from typing import Any

from tests.receiver import Receiver
from tests.stories.conftest import Stand, until


def a_launch(name: str, *assets: int, **more: object) -> dict[str, Any]:
    """A trigger that brings its campaign with it."""
    wanted = [{"type": "MARKETING_EMAIL", "id": str(asset)} for asset in assets or (1, 2)]
    data = {"properties": {"hs_name": name}, "assets": wanted}
    return {"type": "campaign.requested", "portal": "acme", "subject": name, "data": data, **more}


async def test_a_trigger_makes_one_campaign_with_its_assets(stand: Stand) -> None:
    run = await stand.ended(await stand.accepted(a_launch("Once"), key="once"))
    (campaign,) = stand.hubspot.campaigns()
    assert (run["status"], run["campaign"]) == ("done", {"id": campaign["id"], "name": "Once"})
    assert campaign["assets"] == {"MARKETING_EMAIL": ["1", "2"]}


async def test_a_repeated_trigger_is_the_same_run_before_and_after_its_end(stand: Stand) -> None:
    first = await stand.send(a_launch("Twice"), key="twice")
    at_once = await stand.send(a_launch("Twice"), key="twice")
    await stand.ended(first.json()["id"])
    afterwards = await stand.send(a_launch("Twice"), key="twice")
    for again in (at_once, afterwards):
        assert (again.status_code, again.json()) == (202, first.json())
        assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(stand.hubspot.campaigns()) == 1


async def test_another_trigger_under_a_used_key_is_refused_and_changes_nothing(stand: Stand) -> None:
    run = await stand.accepted(a_launch("Mine"), key="used")
    other = await stand.send(a_launch("Other"), key="used")
    await stand.ended(run)
    assert (other.status_code, other.json()["type"]) == (422, "urn:fanfare:problem:key-reused")
    assert [campaign["properties"]["hs_name"] for campaign in stand.hubspot.campaigns()] == ["Mine"]


async def test_a_missing_asset_is_a_failed_step_and_the_callback_says_so(stand: Stand) -> None:
    stand.hubspot.lose_assets("404")
    async with Receiver() as receiver:
        run_id = await stand.accepted(a_launch("Lost asset", 1, 404, callbackurl=receiver.url()), key="lost-asset")
        run = await stand.ended(run_id)
        (callback,) = await receiver.wait_for(1)
    body = stand.verified(callback)
    assert (run["status"], body["type"], body["run"]["status"]) == ("failed", "run.failed", "failed")
    states = {step["name"]: step["state"] for step in body["run"]["steps"]}
    assert states == {
        "create_campaign": "done",
        "attach_asset MARKETING_EMAIL 1": "done",
        "attach_asset MARKETING_EMAIL 404": "failed",
    }
    problem = body["run"]["steps"][2]["problem"]
    assert problem["status"] == 404
    assert body["run"]["campaign"]["id"] == stand.hubspot.campaigns()[0]["id"]


async def test_a_callback_comes_when_its_receiver_is_back(stand: Stand) -> None:
    async with Receiver() as receiver:
        url = receiver.url()
        await receiver.go_down()
        await stand.ended(await stand.accepted(a_launch("Down", callbackurl=url), key="down"))
        await asyncio.sleep(0.3)  # a first try meets a closed port; that it was made cannot be seen from outside
        await receiver.come_up()
        (callback,) = await receiver.wait_for(1)
    assert stand.verified(callback)["type"] == "run.done"


async def test_a_callers_runs_are_its_own(stand: Stand) -> None:
    run = await stand.accepted(a_launch("Private"), key="private")
    assert (await stand.read(f"/v1/runs/{run}", caller="events")).status_code == 404
    listed = (await stand.read("/v1/runs", caller="events")).json()["runs"]
    assert run not in {row["id"] for row in listed}
    await stand.ended(run)


async def test_a_worker_killed_between_create_and_answer_leaves_one_campaign_and_one_final_status(stand: Stand) -> None:
    """HubSpot has made the campaign, the process that asked for it is gone: the next one finds it and goes on."""
    stand.hubspot.plan({"method": "POST", "do": "delay", "delay_ms": 20_000, "times": 1})
    async with Receiver() as receiver:
        run_id = await stand.accepted(a_launch("Killed", 1, 2, 3, callbackurl=receiver.url()), key="killed")
        await until(lambda: committed(stand))
        assert stand.programs.end("campaigns", signal.SIGKILL) == -signal.SIGKILL
        assert (await stand.read(f"/v1/runs/{run_id}")).json()["status"] == "running"
        stand.programs.start("campaigns")
        run = await stand.ended(run_id)
        await receiver.wait_for(1)
        received = {callback.headers["webhook-id"] for callback in receiver.received}
    (campaign,) = stand.hubspot.campaigns()
    assert campaign["assets"] == {"MARKETING_EMAIL": ["1", "2", "3"]}
    assert (run["status"], run["campaign"]["id"]) == ("done", campaign["id"])
    assert run["steps"][0]["receipt"]["adopted"]
    assert received == {f"{run_id}.1"}


async def committed(stand: Stand) -> bool:
    """Whether HubSpot has made a campaign."""
    return bool(stand.hubspot.campaigns())
