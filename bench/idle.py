"""One trigger while nothing else happens: how long until its callback, less HubSpot's own time.

Nobody serves the portal and nobody delivers callbacks when it comes: no lease exists and no notifier, so every trigger
takes the whole way, both of its RQ jobs included. An idle portal is kept for some seconds, so a few installations, each
with a Valkey and programs of its own (as `fanfare up` starts them), take turns. The trigger creates a campaign: one
call, and HubSpot's own time is that of the same call sent by ourselves over an open connection.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from statistics import median
from typing import Final

import httpx
import msgspec

from bench.installation import LONGEST_WAIT, PORTAL, Installation, installed
from bench.rows import Row, percentile
from cli.trial import TOKEN

TURNS: Final = 4
"""Installations: each has some three seconds to become idle again while the others have theirs."""

ROUNDS: Final = 5
TRIGGERS: Final = 20
"""In each round."""

WARM: Final = 2
"""Triggers for each installation before those that count."""

CALLS: Final = 30
"""So many of HubSpot's calls are measured on each installation."""

MOST: Final = {0.5: 25.0, 0.99: 80.0}
"""Milliseconds at the most, by percentile."""

MILLISECOND: Final = 0.001
CAMPAIGNS: Final = "/marketing/campaigns/2026-03"


class Callbacks:
    """Takes callbacks, and tells when each run's came."""

    def __init__(self) -> None:
        self._came: dict[str, asyncio.Future[float]] = {}
        self.url = ""

    async def came(self, run: str) -> float:
        """When the callback of *run* came, by `time.perf_counter`."""
        return await self._of(run)

    def _of(self, run: str) -> asyncio.Future[float]:
        return self._came.setdefault(run, asyncio.get_running_loop().create_future())

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and answer 204."""
        head = await reader.readuntil(b"\r\n\r\n")
        _, _, rest = head.lower().partition(b"content-length:")
        body = await reader.readexactly(int(rest.partition(b"\r\n")[0]))
        now = time.perf_counter()
        came = self._of(msgspec.json.decode(body)["run"]["id"])
        if not came.done():
            came.set_result(now)
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Callbacks]:
    """Callbacks, on a free port of this machine."""
    callbacks = Callbacks()
    async with await asyncio.start_server(callbacks.answer, "127.0.0.1", 0) as server:
        callbacks.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        yield callbacks


def rows() -> Iterator[Row]:
    """Measure."""
    with ExitStack() as stack:
        turns = [stack.enter_context(installed()) for _ in range(TURNS)]
        times = asyncio.run(_measure(turns))
    for share, most in MOST.items():
        rounds = tuple(percentile(one, share) / MILLISECOND for one in times)
        yield Row(f"idle trigger to callback, p{share * 100:.0f}", rounds, most=most, unit="ms")


async def _measure(turns: list[Installation]) -> list[list[float]]:
    """Seconds that each trigger of each round took, less HubSpot's."""
    async with httpx.AsyncClient(trust_env=False, timeout=30.0) as http, receiving() as callbacks:
        for number in range(WARM * len(turns)):
            await _trigger(http, callbacks, turns[number % len(turns)], f"warm{number}")
        hubspot = await _hubspot(http, turns)
        print(f"  idle, HubSpot's own time: {hubspot / MILLISECOND:.1f} ms")
        rounds = []
        for number in range(ROUNDS):
            names = enumerate(f"{number}-{at}" for at in range(TRIGGERS))
            took = [await _trigger(http, callbacks, turns[at % len(turns)], name) for at, name in names]
            rounds.append([one - hubspot for one in took])
        return rounds


async def _trigger(http: httpx.AsyncClient, callbacks: Callbacks, installation: Installation, name: str) -> float:
    """Seconds from the trigger to its callback, on an installation that has become idle."""
    await _idle(installation)
    trigger = {
        "type": "campaign.requested",
        "source": "urn:bench:idle",
        "id": name,
        "subject": name,
        "portal": PORTAL,
        "callbackurl": callbacks.url,
        "data": {"properties": {"hs_name": f"Idle {name}"}},
    }
    began = time.perf_counter()
    answer = await http.post(f"{installation.url}/v1/triggers", json=trigger, headers=installation.headers)
    run = answer.raise_for_status().json()["id"]
    async with asyncio.timeout(LONGEST_WAIT):
        return await callbacks.came(run) - began


async def _idle(installation: Installation) -> None:
    async with asyncio.timeout(LONGEST_WAIT):
        while installation.has("lease", PORTAL) or installation.has("notifier"):  # noqa: ASYNC110 - others' keys
            await asyncio.sleep(0.05)


async def _hubspot(http: httpx.AsyncClient, turns: list[Installation]) -> float:
    """Seconds that HubSpot takes for the call, median."""
    took = []
    for number in range(CALLS * len(turns)):
        began = time.perf_counter()
        answer = await http.post(
            f"{turns[number % len(turns)].hubspot.url}{CAMPAIGNS}",
            json={"properties": {"hs_name": f"Its own {number}"}},
            headers={"authorization": f"Bearer {TOKEN}"},
        )
        answer.raise_for_status()
        took.append(time.perf_counter() - began)
    return median(took)
