"""How long triggers wait for HubSpot's first call, each sent at its time; by one clock, as all is on one machine."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import httpx

from bench.installation import Installation
from campaigns import keys

LONGEST: Final = 30.0
"""Seconds after which a first call is not waited for any longer."""

LOOK_EACH: Final = 0.2


async def waits(
    installation: Installation, portals: Sequence[str], *, apart: float, name: str, priority: str
) -> list[float]:
    """Seconds that each trigger waited, from before it was sent until its first call reached the simulator.

    Args:
        installation: all *portals* are at its simulator.
        portals: one for each trigger.
        apart: seconds between two.
        name: begins the key of each; no two calls may give the same.
        priority: theirs.

    Returns:
        `LONGEST` for a trigger whose call had not come by then.

    """
    async with (
        httpx.AsyncClient(base_url=installation.url, headers=installation.headers, trust_env=False) as http,
        asyncio.TaskGroup() as sending,
    ):
        began = time.monotonic()
        sent = []
        for number, portal in enumerate(portals):
            trigger = _trigger(f"{name}-{number}", portal, priority)
            sent.append(sending.create_task(_send(http, trigger)))
            await asyncio.sleep(max(began + apart * (number + 1) - time.monotonic(), 0))
    asked = dict(task.result() for task in sent)
    latest = time.monotonic() + LONGEST
    while True:
        arrived = await asyncio.to_thread(_arrivals, installation)
        if asked.keys() <= arrived.keys() or time.monotonic() > latest:
            return [arrived.get(run, at + LONGEST) - at for run, at in asked.items()]
        await asyncio.sleep(LOOK_EACH)


def _trigger(name: str, portal: str, priority: str) -> dict[str, Any]:
    return {
        "type": "campaign.requested",
        "source": "urn:bench:waits",
        "id": name,
        "subject": name,
        "portal": portal,
        "priority": priority,
        "data": {"properties": {"hs_name": f"Waits {name}"}},
    }


async def _send(http: httpx.AsyncClient, trigger: dict[str, Any]) -> tuple[str, float]:
    """The run, and when it was asked for."""
    began = time.time()
    answer = await http.post("/v1/triggers", json=trigger)
    return str(answer.raise_for_status().json()["id"]), began


def _arrivals(installation: Installation) -> dict[str, float]:
    """When the first call for each run arrived at HubSpot."""
    arrivals: dict[str, float] = {}
    for row in installation.hubspot.ledger():
        marker = keys.marker_in(row["marker"])
        if marker:
            arrivals.setdefault(marker.run, row["time"])
    return arrivals
