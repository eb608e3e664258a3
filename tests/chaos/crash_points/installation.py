"""A whole installation whose every write and call passes a gate: a Valkey, HubSpot, a receiver, and the three roles."""

import asyncio
import hashlib
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self, cast, get_args

import certifi
import httpx
from redis.asyncio import Redis

from campaigns.queue import CALLBACKS, CAMPAIGNS
from campaigns.store.scripts import ScriptName, source
from simulator.app import create_app
from tests.chaos.crash_points.gates import Commands, HttpGate, RedisGate, Request
from tests.chaos.crash_points.players import Players
from tests.chaos.crash_points.points import Death
from tests.chaos.crash_points.roles import ROLES, Place
from tests.chaos.crash_points.settings import ELSEWHERE, HERE, told
from tests.conftest import running_valkey
from tests.contract.in_process import InProcess
from tests.receiver import Received
from tests.settings import SECRETS, TOKEN

OURS: Final = {hashlib.sha1(source(name).encode()).hexdigest(): name for name in get_args(ScriptName)}  # noqa: S324 - Redis's own
"""Our scripts by the hash under which Redis knows them."""


class Installation:
    """One installation, used for one journey after another.

    Attributes:
        redis: a client that passes no gate.
        received: the callbacks and messages.
        refusals: how many callbacks are refused.
        port: where the service listens.

    """

    def __init__(self, folder: Path, valkey: str, commands: Commands, redis: Redis, port: int) -> None:
        self.redis = redis
        self.received: list[Received] = []
        self.refusals = 0
        self.port = port
        self._folder = folder
        self._simulator = httpx.AsyncClient(transport=InProcess(create_app()), base_url="http://hubspot.test")
        self._hubspot = HttpGate(CAMPAIGNS, self._ask_hubspot)
        self._receiver = HttpGate(CALLBACKS, self._receive)
        self._redis = {role: RedisGate(role, folder / f"{role}.sock", valkey, commands) for role in ROLES}

    @property
    def callbackurl(self) -> str:
        """Where the receiver takes callbacks."""
        return f"http://{HERE}:{self._receiver.port}/status"

    @property
    def operations_url(self) -> str:
        """Where it takes messages to operators."""
        return f"http://{HERE}:{self._receiver.port}/operations"

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Self]:
        """Open all gates."""
        first, end, _ = certifi.contents().partition("-----END CERTIFICATE-----\n")
        (self._folder / "authority.pem").write_text(first + end)
        for gate in self._gates():
            await gate.open()
        try:
            yield self
        finally:
            for gate in self._gates():
                await gate.close()
            await self._simulator.aclose()

    async def clear(self) -> None:
        """Forget all that is stored anywhere."""
        await self.redis.flushall()
        await self.control("POST", "reset")
        await self.control("PUT", "limits", {"per_10s": 5_000})
        self.received.clear()
        self.refusals = 0

    @asynccontextmanager
    async def played(self, death: Death | None, *, app: bool, elsewhere: bool) -> AsyncIterator[Players]:
        """All roles, each in its process; whoever dies of *death* is started again.

        Args:
            death: somebody's; None: nobody's.
            app: see `settings.told`.
            elsewhere: HubSpot is not taken for a simulator on this machine.

        """
        hubspot = f"http://{ELSEWHERE if elsewhere else HERE}:{self._hubspot.port}"
        players = Players({role: self._place(role, hubspot, app=app) for role in ROLES}, death)
        for gate in self._gates():
            gate.watch = players.watch
        try:
            for role in ROLES:
                players.start(role)
            yield players
        finally:
            await players.close()

    def _gates(self) -> tuple[RedisGate | HttpGate, ...]:
        return (*self._redis.values(), self._hubspot, self._receiver)

    def _place(self, role: str, hubspot: str, *, app: bool) -> Place:
        log = self._folder / f"{role}.log"
        log.write_bytes(b"")
        return Place(
            settings=told(self._redis[role].url, hubspot, self.operations_url, app=app),
            port=self.port,
            log=str(log),
            authorities=str(self._folder / "authority.pem"),
        )

    async def control(self, method: str, name: str, body: object = None) -> Any:  # noqa: ANN401 - JSON is anything
        """Use one of HubSpot's simulator's own routes."""
        answer = await self._simulator.request(method, f"/_sim/{name}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def make_campaign(self, properties: Mapping[str, str]) -> None:
        """Make a campaign in HubSpot past all gates."""
        told = {"properties": dict(properties)}
        headers = {"authorization": f"Bearer {SECRETS[TOKEN]}"}
        answer = await self._simulator.post("/marketing/campaigns/2026-03", json=told, headers=headers)
        answer.raise_for_status()

    async def _ask_hubspot(self, request: Request) -> bytes:
        told = ("authorization", "content-type")
        headers: dict[str, str] = {name: request.headers[name] for name in told if name in request.headers}
        try:
            answer = await self._simulator.request(
                request.method, request.target, headers=headers, content=request.body
            )
        except httpx.RemoteProtocolError:
            return b""  # a planned fault: the connection breaks
        lines = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items() if name != "content-length")
        head = f"HTTP/1.1 {answer.status_code} As Simulated\r\n{lines}content-length: {len(answer.content)}\r\n\r\n"
        return head.encode() + answer.content

    async def _receive(self, request: Request) -> bytes:
        self.received.append(Received(request.target, request.headers, request.body))
        refused = request.target == "/status" and self.refusals > 0
        self.refusals -= refused
        status = 503 if refused else 204
        return f"HTTP/1.1 {status} As Told\r\ncontent-length: 0\r\n\r\n".encode()


@asynccontextmanager
async def an_installation(number: int) -> AsyncIterator[Installation]:
    """An installation with nothing in it; *number* keeps its port apart from others'."""
    context = running_valkey()
    valkey = await asyncio.to_thread(context.__enter__)
    try:
        socket_path = cast("Path", valkey.unix_socket_path)
        async with Redis(unix_socket_path=str(socket_path)) as redis:
            commands = await Commands.of(redis, OURS)
            for name in get_args(ScriptName):
                await redis.script_load(source(name))
            installation = Installation(socket_path.parent, str(socket_path), commands, redis, _free_port(number))
            async with installation.opened():
                yield installation
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


def _free_port(number: int) -> int:
    """A port below those that the kernel gives to connections, so that it is still free after a kill."""
    first = 10_000 + 200 * (os.getpid() % 100) + number
    for port in range(first, 32_000, 400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise OSError("no port is free")
