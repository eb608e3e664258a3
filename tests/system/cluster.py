"""An installation of several processes of each kind, replaced as Kubernetes replaces pods, and the Service before it."""

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, get_args

import httpx
import msgspec

from cli.demo import free_ports
from tests.connections import Connections
from tests.receiver import SECRET
from tests.settings import API_KEYS, digest
from tests.system.manifests import ROOT, pods

Kind = Literal["service", "campaigns", "callbacks"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

PORTALS: Final = ("acme", "globex")
"""One for each process that serves some."""

LONGEST_START: Final = 60.0
ENDPOINTS_LAG: Final = 1.0
"""Seconds from a pod's end being decided until nobody is led to it any more: `preStop` waits longer than that."""

_SETTINGS: Final = """\
installation = "rolling"
[callers.shop]
keys = ["{digest}"]
portals = {portals}
rights = ["send", "read"]
callback_hosts = ["127.0.0.1"]
callback_ranges = ["127.0.0.0/8"]
callback_secret = {{ env = "SHOP_SECRET" }}
"""
_PORTAL: Final = """\
[portals.{name}]
base_url = "{hubspot}"
settle = 1.0
call_deadline = 5.0
token = {{ env = "HUBSPOT_TOKEN" }}
"""


class Pod(msgspec.Struct, frozen=True):
    """A process that runs.

    Attributes:
        port: where it answers its probes.

    """

    kind: Kind
    process: subprocess.Popen[bytes]
    port: int


class Cluster:
    """Processes on one Redis and one HubSpot; `url` is the Service that leads to those which take triggers."""

    def __init__(self, folder: Path, redis_url: str, hubspot: str) -> None:
        settings = _SETTINGS.format(digest=digest(API_KEYS["shop"]), portals=list(PORTALS)).replace("'", '"')
        portals = (_PORTAL.format(name=name, hubspot=hubspot) for name in PORTALS)
        (folder / "fanfare.toml").write_text(settings + "".join(portals))
        self._log = folder / "programs.log"
        self._environment = os.environ | {
            "FANFARE_CONFIG": str(folder / "fanfare.toml"),
            "FANFARE_REDIS_URL": redis_url,
            "HUBSPOT_TOKEN": "pat-test",
            "SHOP_SECRET": SECRET,
        }
        self._pods: list[Pod] = []
        self._endpoints: list[int] = []
        self._next = itertools.count()
        self._connections = Connections(self._lead)
        self.url = ""

    async def start(self, kind: Kind, code: Path = ROOT) -> Pod:
        """Start a process of that kind from the program in the folder *code*; it is ready then."""
        pod = self._begin(kind, code)
        self._pods.append(pod)
        await self._ready(pod)
        if kind == "service":
            self._endpoints.append(pod.port)
        return pod

    async def end(self, pod: Pod) -> None:
        """End a process as the manifests have it: nobody is led to it, `preStop`, SIGTERM; orderly, and in time."""
        told = pods("local")[pod.kind]
        container = told["containers"][0]
        waits = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if pod.port in self._endpoints:
            await asyncio.sleep(ENDPOINTS_LAG)
            self._endpoints.remove(pod.port)
            await asyncio.sleep(waits - ENDPOINTS_LAG)
        pod.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(pod.process.wait, told["terminationGracePeriodSeconds"] - waits)
        self._pods.remove(pod)
        assert code == 0, f"{pod.kind} ended with {code}\n{self.log()[-4000:]}"

    async def roll(self, kind: Kind, code: Path = ROOT) -> None:
        """Replace every process of that kind, one after the other, each once the new one is ready."""
        for pod in [one for one in self._pods if one.kind == kind]:
            await self.start(kind, code)
            await self.end(pod)

    def log(self) -> str:
        """What all have written."""
        return self._log.read_text(errors="replace")

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Cluster"]:
        """The Service, until all is ended."""
        server = await asyncio.start_server(self._connections, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            await self._connections.end()
            server.close()
            for pod in self._pods:
                pod.process.kill()
                pod.process.wait()

    def _begin(self, kind: Kind, code: Path) -> Pod:
        port = free_ports().service
        program = ("service", "--port", str(port)) if kind == "service" else ("workers", kind)
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *program],
                cwd=code,
                env=self._environment | {"FANFARE_HEALTH_PORT": str(port)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return Pod(kind, process, port)

    async def _ready(self, pod: Pod) -> None:
        async with asyncio.timeout(LONGEST_START), httpx.AsyncClient(trust_env=False) as http:
            while True:
                assert pod.process.poll() is None, self.log()[-4000:]
                try:
                    if (await http.get(f"http://127.0.0.1:{pod.port}/readyz")).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Lead a connection to one of the ready pods, where it stays: what a Service of Kubernetes does."""
        port = self._endpoints[next(self._next) % len(self._endpoints)]
        with contextlib.closing(writer):
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_pass(reader, behind_writer), _pass(behind_reader, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while told := await reader.read(2**16):
            writer.write(told)
    except ConnectionError:
        pass  # the other side hears of it
    finally:
        writer.close()


def trigger(number: int, portal: str, callbackurl: str) -> Mapping[str, Any]:
    """A trigger that asks for a campaign with an asset, and for its status."""
    data = {"properties": {"hs_name": f"Launch {number}"}, "assets": [{"type": "MARKETING_EMAIL", "id": "1"}]}
    return {
        "type": "campaign.requested",
        "source": "rolling",
        "id": str(number),
        "portal": portal,
        "callbackurl": callbackurl,
        "data": data,
    }
