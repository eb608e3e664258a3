"""What operators do when things have gone wrong, as stories with every program a process of its own."""

import asyncio
import signal
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from cli.programs import Name
from tests.receiver import Receiver
from tests.stories.conftest import Stand, until
from tests.stories.test_promises import a_launch

KILLED: Final[tuple[Name, ...]] = ("campaigns", "service")


def archived(stand: Stand) -> int:
    return sum(campaign["archived"] for campaign in stand.hubspot.campaigns())


@pytest.mark.parametrize("count", [120, pytest.param(2_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
async def test_wrong_campaigns_are_undone_by_one_command_though_it_is_killed_half_way(stand: Stand, count: int) -> None:
    """The workers and the service die; whoever comes back goes on, and nothing of anybody else's is touched."""
    await stand.ended(await stand.accepted(a_launch(f"Right of {count}"), key=f"right {count}"))
    began = datetime.now(UTC)
    wrong = [await stand.accepted(a_launch(f"Wrong {n} of {count}", 1), key=f"wrong {n} {count}") for n in range(count)]
    for run in wrong:
        await stand.ended(run)
    # Fifty are removed by one call: slow ones leave time to kill somebody between the second and the last.
    stand.hubspot.plan({"method": "POST", "path": "/batch/archive", "do": "delay", "delay_ms": 2_500, "times": 3})
    which = {"from": began.isoformat(), "made": "undo"}
    counted = (await stand.command("/v1/runs/cancel", which)).json()
    assert counted == {"count": count}
    begun = await stand.command("/v1/runs/cancel", which | {"confirm": count}, key=f"undo {count}")
    assert begun.status_code == 202

    async def half() -> bool:
        return archived(stand) >= count // 2

    await until(half, patience=300)
    for name in KILLED:
        stand.programs.end(name, signal.SIGKILL)
    assert archived(stand) < count
    for name in KILLED:
        stand.programs.start(name)
    stand.programs.until_ready()

    async def all_undone() -> bool:
        return archived(stand) == count

    await until(all_undone, patience=300)
    again = await stand.command("/v1/runs/cancel", which | {"confirm": count}, key=f"undo {count}")
    assert again.json() == begun.json()
    assert {(await stand.ended(run))["status"] for run in wrong} == {"cancelled"}
    (right,) = [one for one in stand.hubspot.campaigns() if not one["archived"]]
    assert right["properties"]["hs_name"] == f"Right of {count}"
    removals = [row["campaign"] for row in stand.hubspot.ledger() if row["method"] == "DELETE"]
    assert right["id"] not in removals


async def test_a_failed_run_is_retried_and_its_callback_has_the_next_number(stand: Stand) -> None:
    stand.hubspot.lose_assets("404")
    async with Receiver() as receiver:
        run = await stand.accepted(a_launch("Late asset", 1, 404, callbackurl=receiver.url()), key="late asset")
        await receiver.wait_for(1)
        stand.hubspot.lose_assets()
        retried = await stand.command(f"/v1/runs/{run}/retry")
        await receiver.wait_for(2)
        bodies = [stand.verified(callback) for callback in receiver.received]
    assert (retried.status_code, retried.json()["outcome"]) == (202, "reopened")
    told = [(body["id"], body["sequence"], body["type"]) for body in bodies]
    assert told == [(f"{run}.1", 1, "run.failed"), (f"{run}.2", 2, "run.done")]
    assert stand.hubspot.campaigns()[0]["assets"] == {"MARKETING_EMAIL": ["1", "404"]}
    replayed = await stand.command(f"/v1/callbacks/{run}.1/replay")
    assert (replayed.status_code, replayed.json()["type"]) == (409, "urn:fanfare:problem:conflict")


async def test_a_run_cancelled_while_its_create_is_in_flight_ends_once_and_its_campaign_is_gone(stand: Stand) -> None:
    stand.hubspot.plan({"method": "POST", "do": "delay", "delay_ms": 1_000, "times": 1})
    async with Receiver() as receiver:
        run = await stand.accepted(a_launch("Never mind", callbackurl=receiver.url()), key="never mind")

        async def made() -> bool:
            return bool(stand.hubspot.campaigns())

        await until(made)
        answer = await stand.command(f"/v1/runs/{run}/cancel", {"made": "undo"})
        told = await stand.ended(run)
        (callback,) = await receiver.wait_for(1)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "cancelling")
    assert (told["status"], told["history"][0]["verb"]) == ("cancelled", "undo")
    assert stand.verified(callback)["type"] == "run.cancelled"
    (campaign,) = stand.hubspot.campaigns()
    assert (campaign["archived"], campaign["assets"]) == (True, {})


async def test_while_a_portal_is_paused_its_runs_wait(stand: Stand) -> None:
    await stand.command("/v1/portals/acme/pause")
    try:
        run = await stand.accepted(a_launch("Patience"), key="patience")
        await asyncio.sleep(1.5)
        told: dict[str, Any] = (await stand.read(f"/v1/runs/{run}")).json()
        (portal,) = (await stand.read("/v1/portals")).json()["portals"]
        assert (told["status"], portal["paused"]["by"]) == ("waiting", "shop")
        assert stand.hubspot.campaigns() == []
    finally:
        await stand.command("/v1/portals/acme/resume")
    assert (await stand.ended(run))["status"] == "done"
