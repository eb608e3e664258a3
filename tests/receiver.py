"""An internal service that takes callbacks: a real server on loopback that writes down what it is sent, and obeys."""

import asyncio
import base64
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import msgspec
from standardwebhooks import Webhook

from campaigns.recipes import Recipes
from campaigns.settings import Caller, Secret, Settings

SECRET = "whsec_" + base64.b64encode(b"a secret of the shop's own").decode()


WHERE = Secret(env="SHOP_WEBHOOK_SECRET")


def calling_back(*hosts: str, ranges: tuple[str, ...] = ("127.0.0.0/8",), secret: Secret | None = WHERE) -> Settings:
    """Settings with one caller, `shop`, whose callbacks go to *hosts*."""
    shop = Caller(portals=("acme",), callback_hosts=hosts, callback_ranges=ranges, callback_secret=secret)
    return Settings(
        installation="test",
        portals={},
        callers={"shop": shop},
        book=Recipes(()),
        redis_url=None,
        data=Path(),
        secrets={WHERE: SECRET},
        retention=1,
    )


class Received(msgspec.Struct, frozen=True):
    """One request: its target, its headers (names in lower case), its body, and when it came (monotonic seconds)."""

    target: str
    headers: dict[str, str]
    body: bytes
    at: float = 0.0

    def verified(self) -> dict[str, Any]:
        """The body, once the official library has accepted its signature."""
        told: dict[str, Any] = Webhook(SECRET).verify(self.body, self.headers)
        return told


class Receiver:
    """Answers 204 to whatever is posted, unless told otherwise. Use it as a context manager.

    Attributes:
        received: all requests, in the order in which they were read.
        at_once: the most requests that were there at the same time.
        open: requests are answered while this is set; clear it to be slow.

    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._host = host
        self._port = 0
        self._server: asyncio.Server | None = None
        self._orders: list[bytes] = []
        self._here = 0
        self._news = asyncio.Condition()
        self.received: list[Received] = []
        self.at_once = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __aenter__(self) -> Self:
        await self.come_up()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open.set()
        await self.go_down()

    @property
    def port(self) -> int:
        """The same after it was down."""
        return self._port

    def url(self, host: str | None = None) -> str:
        """Where it takes callbacks; *host* is another name of its address."""
        return f"http://{host or self._host}:{self._port}/status"

    async def come_up(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        """Refuse connections; whoever is being answered gets the answer."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def answer(self, status: int, headers: Mapping[str, str] | None = None, *, times: int = 1) -> None:
        """Give the next *times* requests this answer."""
        told = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        answer = f"HTTP/1.1 {status} As Told\r\n{told}content-length: 0\r\nconnection: close\r\n\r\n"
        self._orders += [answer.encode()] * times

    def cut(self) -> None:
        """Take the next request and close the connection without an answer."""
        self._orders.append(b"")

    async def wait_for(self, count: int) -> list[Received]:
        """All that was received, once there are *count* requests (at most half a minute)."""
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._here += 1
        self.at_once = max(self.at_once, self._here)
        try:
            await self._take(reader)
            await self.open.wait()
            writer.write(self._orders.pop(0) if self._orders else b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the caller went away
        finally:
            self._here -= 1
            writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> None:
        head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        async with self._news:
            self.received.append(Received(head.split(" ")[1], headers, body, time.monotonic()))
            self._news.notify_all()
