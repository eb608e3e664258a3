"""The simulator in the test's own process: a clock to be moved, no sockets, cuts as a client sees them."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import httpx
from litestar import Litestar
from litestar.exceptions import LitestarException

from simulator.app import create_app
from simulator.versions import VERSIONS
from simulator.wire import Cut
from simulator.world import Beginning
from tests.contract.asked import ASKED

NOON: Final = 1_780_315_200.0  # 2026-06-01T12:00:00Z
LATEST: Final = "2026-03"


class InProcess(httpx.AsyncBaseTransport):
    """httpx's ASGI transport, where a connection that the simulator cuts fails as over TCP."""

    def __init__(self, app: Litestar) -> None:
        self._app = httpx.ASGITransport(cast("Any", app))  # the same protocol, typed more narrowly by Litestar

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the request to the simulator."""
        try:
            return await self._app.handle_async_request(request)
        except LitestarException as error:
            if isinstance(error.__cause__, Cut):
                raise httpx.RemoteProtocolError(str(error.__cause__), request=request) from error
            raise


class Scene:
    """A simulator with the tools a test turns it with.

    `now` is what its clock says (seconds since 1970); `slept` are the delays it waited out, in seconds.
    """

    def __init__(self, beginning: Beginning) -> None:
        self.app = create_app(beginning, clock=lambda: self.now, sleep=self._sleep)
        self.open()

    def open(self) -> None:
        """Set clock, token and client to their beginning."""
        self.now = NOON
        self.slept: list[float] = []
        self.token = "pat-test"
        self.http = httpx.AsyncClient(transport=InProcess(self.app), base_url="http://hubspot.test")

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def ask(self, method: str, rest: str = "", body: object = None, *, version: str = LATEST) -> httpx.Response:
        """Send one request to the campaigns API; `rest` follows the version's prefix."""
        headers = {"Authorization": f"Bearer {self.token}"}
        address = VERSIONS[version].prefix + rest
        if body is None:
            return await self.http.request(method, address, headers=headers)
        return await self.http.request(method, address, headers=headers, json=body)

    async def create(self, name: str, *, version: str = LATEST, **properties: str) -> str:
        """Create a campaign and return its id."""
        answer = await self.ask("POST", "", {"properties": {"hs_name": name, **properties}}, version=version)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def create_all(self, *names: str, version: str = LATEST) -> httpx.Response:
        """Create campaigns of these names in one batch."""
        inputs = [{"properties": {"hs_name": name} if name else {}} for name in names]
        return await self.ask("POST", "/batch/create", {"inputs": inputs}, version=version)

    async def control(self, method: str, name: str, body: object = None) -> Any:  # noqa: ANN401  JSON is anything
        """Use one of the simulator's own routes, which must agree."""
        answer = await self.http.request(method, f"/_sim/{name}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def turn(self, **switches: str | int) -> None:
        """Turn switches."""
        await self.control("PUT", "switches", switches)

    async def plan(self, *faults: dict[str, object], seed: int = 0) -> None:
        """Plan trouble."""
        await self.control("PUT", "faults", {"seed": seed, "faults": faults})

    async def names(self) -> list[str]:
        """Return the names of the campaigns that stand, oldest first."""
        campaigns = await self.control("GET", "campaigns")
        return [campaign["properties"]["hs_name"] for campaign in campaigns if not campaign["archived"]]

    async def ledger(self) -> list[dict[str, Any]]:
        """Return the ledger."""
        rows: list[dict[str, Any]] = await self.control("GET", "ledger")
        return rows


# Building the application takes Litestar some 75 ms, a reset nothing: scenes are used again.
_IDLE: defaultdict[Beginning, list[Scene]] = defaultdict(list)


@asynccontextmanager
async def a_scene(beginning: Beginning | None = None) -> AsyncIterator[Scene]:
    """Set a scene at noon, as just started; several may be open at once."""
    beginning = beginning or Beginning()
    idle = _IDLE[beginning]
    scene = idle.pop() if idle else Scene(beginning)
    scene.open()
    async with scene.http:
        await scene.control("POST", "reset")
        yield scene
        ASKED.take(await scene.control("GET", "stats"))
    idle.append(scene)
