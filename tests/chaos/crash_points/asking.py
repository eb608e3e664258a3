"""What callers and operators ask of an installation whose processes die: again and again, until there is an answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import httpx

from campaigns import keys
from tests.chaos.crash_points.installation import Installation
from tests.chaos.crash_points.players import Players
from tests.chaos.crash_points.settings import HERE
from tests.passing_time import let_pass
from tests.settings import bearer

LOOK: Final = 0.05
"""Seconds between two looks at what no process tells us."""


class Asking:
    """The internal service `shop` and the operators in the `office`.

    Args:
        on: where they ask.
        players: whose deaths are no wonder.
        http: carries what they ask.

    """

    def __init__(self, on: Installation, players: Players, http: httpx.AsyncClient) -> None:
        self.on = on
        self._players = players
        self._http = http

    async def send(self, trigger: Mapping[str, object], key: str) -> str:
        """Send *trigger* until it is accepted; the run's id."""
        told = {"portal": "acme", "callbackurl": self.on.callbackurl, **trigger}
        answer = await self._answered("POST", "/v1/triggers", "shop", told, key)
        return str(answer["id"])

    async def operate(self, path: str, wanted: Mapping[str, object], key: str) -> None:
        """Apply an operator's verb."""
        await self._answered("POST", f"/v1/runs/{path}", "office", wanted, key)

    async def hear(self, run: str, number: int) -> None:
        """Wait until the status of that *number* of the run was delivered."""

        async def heard() -> bool:
            known = await self.on.redis.hmget(keys.PREFIXES["run"] + run, "callback", "posted")
            return known == [b"delivered", str(number).encode()]

        await self.until(heard)

    async def see(self, run: str, status: str) -> None:
        """Wait until the caller sees the run so."""

        async def seen() -> bool:
            return bool((await self._answered("GET", f"/v1/runs/{run}", "shop"))["status"] == status)

        await self.until(seen)

    async def all_posted(self) -> None:
        """Wait until nobody is to be told anything more."""

        async def posted() -> bool:
            return not await self.on.redis.exists(keys.PREFIXES["callbacks"])

        await self.until(posted)

    async def let_pass(self, milliseconds: int) -> None:
        """Let so much time pass."""
        await let_pass(self.on.redis, milliseconds)

    async def until(self, ask: Callable[[], Awaitable[bool]]) -> None:
        """Wait for what other processes do; all must play meanwhile.

        Raises:
            DiedByItself: somebody does not, and had no reason.

        """
        while not await ask():
            self._players.check()
            await asyncio.sleep(LOOK)

    async def _answered(
        self, method: str, path: str, caller: str, body: object = None, key: str | None = None
    ) -> dict[str, Any]:
        url = f"http://{HERE}:{self.on.port}{path}"
        headers = bearer(caller) | ({"idempotency-key": key} if key else {})
        answer: httpx.Response | None = None

        async def answered() -> bool:
            nonlocal answer
            try:
                answer = await self._http.request(method, url, json=body, headers=headers)
            except httpx.TransportError:
                return False
            assert answer.is_success or answer.status_code == 503, f"{path}: {answer.status_code} {answer.text}"
            return answer.is_success

        await self.until(answered)
        return dict(answer.json()) if answer else {}
