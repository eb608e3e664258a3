"""The service for tests: in this loop over ASGI, or as the program that it is."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar

from campaigns.observe.traces import Spans
from campaigns.settings import Settings
from service.app import Background, create_app
from tests.settings import API_KEYS, bearer, digest

NOWHERE = "unix:///nowhere/redis.sock"

LAUNCH = {"type": "product.launched", "source": "urn:shop", "id": "1", "data": {"name": "Lamp"}}
"""A trigger that the recipe of `some_settings` answers to."""


@asynccontextmanager
async def a_service(
    settings: Settings, background: Sequence[Background] = (), *, spans: Spans | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service of its own."""
    app = create_app(settings, background, spans=spans)
    started, stopped = asyncio.Event(), asyncio.Event()
    # In a task of its own, as a server does it: fixtures begin and end in different ones.
    living = asyncio.create_task(_live(app, started, stopped))
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # the two spell ASGI's types differently
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
            await started.wait()
            yield http
    finally:  # also when a test fails: what it leaves open would fail the next one
        stopped.set()
        await living


async def _live(app: Litestar, started: asyncio.Event, stopped: asyncio.Event) -> None:
    async with app.lifespan():
        started.set()
        await stopped.wait()


async def send(
    http: httpx.AsyncClient, *, caller: str = "shop", headers: Mapping[str, str] | None = None, **members: object
) -> httpx.Response:
    """Send a launch, changed by *members*."""
    return await http.post("/v1/triggers", json=LAUNCH | members, headers=bearer(caller) | dict(headers or {}))


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status and the slug of a problem, which is one in every respect."""
    told: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["status"] == answer.status_code
    assert told["title"]
    assert told["detail"]
    return answer.status_code, told["type"].removeprefix("urn:fanfare:problem:")


def settings_file(
    folder: Path, redis_url: str, *, hubspot: str = "http://127.0.0.1:8900", more: str = ""
) -> dict[str, str]:
    """The environment of a program whose settings are in *folder*; *more* are lines at their beginning."""
    path = folder / "fanfare.toml"
    path.write_text(
        f"""
        installation = "test"
        {more}
        [portals.acme]
        base_url = "{hubspot}"
        token = {{ env = "HUBSPOT_TOKEN" }}
        [callers.shop]
        keys = ["{digest(API_KEYS["shop"])}"]
        portals = ["acme"]
        [[recipes]]
        on = "product.launched"
        portal = "acme"
        properties = {{ hs_name = "Launch of {{{{ data.name }}}}" }}
        """
    )
    return {"FANFARE_CONFIG": str(path), "FANFARE_REDIS_URL": redis_url, "HUBSPOT_TOKEN": "pat-test"}


@asynccontextmanager
async def a_program(
    folder: Path, redis_url: str, *, hubspot: str = "http://127.0.0.1:8900", **environment: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """`python -m service` with the settings that it finds in *folder*, once it is started, and a client of it."""
    port = _free_port()
    command = ("-m", "service", "--port", str(port))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        env=os.environ | settings_file(folder, redis_url, hubspot=hubspot) | environment,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            await _started(http)
            yield process, http
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGKILL)
        await process.communicate()


async def _started(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                if (await http.get("/livez")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.02)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
