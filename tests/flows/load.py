"""All programs under load: callers that send trigger after trigger, each again until it is accepted."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import httpx

from cli.programs import Programs
from cli.trial import Trial
from tests.stories.conftest import Stand, until

AT_ONCE = 4
PAUSE = 0.05
PATIENCE = 60.0


@asynccontextmanager
async def standing(trial: Trial) -> AsyncIterator[Stand]:
    """The programs of *trial*, each a process of its own, and a HubSpot that keeps nobody waiting."""
    with Programs(trial) as programs:
        base = f"http://127.0.0.1:{trial.ports.service}"
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=10) as http:
            stand = Stand(trial, programs, http)
            stand.hubspot.limit(per_10s=5_000)
            yield stand


class Load:
    """Callers in a row.

    Attributes:
        accepted: the run of each trigger that got its 202, by the name of the campaign that it asks for.
        refusals: how often each other answer came; `none` where there was none.

    """

    def __init__(self, stand: Stand) -> None:
        self.accepted: dict[str, str] = {}
        self.refusals: Counter[str] = Counter()
        self._stand = stand
        self._numbers = count()
        self._ends = asyncio.Event()

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Send meanwhile; what is not accepted at the end still is before this is left."""
        async with asyncio.TaskGroup() as callers:
            for _ in range(AT_ONCE):
                callers.create_task(self._send_all())
            try:
                yield
            finally:
                self._ends.set()

    async def until_more_are_accepted(self, number: int) -> float:
        """Wait for that many more 202s; seconds until they were there."""
        began, wanted = time.monotonic(), len(self.accepted) + number

        async def enough() -> bool:
            self._stand.programs.check()
            return len(self.accepted) >= wanted

        await until(enough, PATIENCE)
        return time.monotonic() - began

    async def has_come_true_once(self) -> None:
        """Make sure that every accepted run ended well, and that HubSpot has exactly their campaigns, once each."""
        ended = [(await self._stand.ended(run))["status"] for run in self.accepted.values()]
        assert Counter(ended) == {"done": len(self.accepted)}
        names = Counter(campaign["properties"]["hs_name"] for campaign in self._stand.hubspot.campaigns())
        assert names == Counter(self.accepted.keys())
        self._stand.programs.check()

    async def _send_all(self) -> None:
        while not self._ends.is_set():
            name = f"Launch {next(self._numbers)}"
            self.accepted[name] = await self._send(name)

    async def _send(self, name: str) -> str:
        data = {"properties": {"hs_name": name}, "assets": [{"type": "MARKETING_EMAIL", "id": "1"}]}
        trigger = {"type": "campaign.requested", "portal": "acme", "data": data}
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    answer = await self._stand.send(trigger, key=name)
                except httpx.TransportError:
                    self.refusals["none"] += 1
                else:
                    if answer.status_code == 202:
                        return str(answer.json()["id"])
                    self.refusals[answer.json()["type"].rpartition(":")[2]] += 1
                await asyncio.sleep(PAUSE)
