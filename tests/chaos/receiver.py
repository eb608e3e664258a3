"""The service that is called back: writes down every callback, then answers, sometimes badly."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from standardwebhooks import Webhook, WebhookVerificationError

from tests.chaos.evidence import Delivery

TAKES: Final = 0.03
"""Seconds that it takes to answer: posts are in hand when their sender is killed."""

TROUBLE: Final = 0.03
"""Share of answers that are a 503, and again of those that never come: the status was heard all the same."""


class Receiver:
    """What has been called back.

    Attributes:
        deliveries: in the order in which they came.
        heard: the runs that they are about.
        in_hand: posts that have no answer yet.

    """

    def __init__(self, secret: str, seed: int) -> None:
        self._webhook = Webhook(secret)
        self._dice = random.Random(seed)  # noqa: S311 - trouble must be repeatable
        self._news = asyncio.Condition()
        self.deliveries: list[Delivery] = []
        self.heard: set[str] = set()
        self.in_hand = 0
        self.url = ""

    async def hear(self, run: str) -> None:
        """Wait for the status of *run*."""
        async with self._news:
            await self._news.wait_for(lambda: run in self.heard)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one post."""
        self.in_hand += 1
        try:
            await self._read(reader)
            await asyncio.sleep(TAKES)
            chance = self._dice.random()
            if chance >= TROUBLE:
                status = "503 Service Unavailable" if chance < 2 * TROUBLE else "204 No Content"
                writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # its sender was killed
        finally:
            self.in_hand -= 1
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        _, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body, name = await reader.readexactly(int(headers["content-length"])), headers["webhook-id"]
        async with self._news:
            self.deliveries.append(self._told(name, body, headers))
            self.heard.add(self.deliveries[-1].run)
            self._news.notify_all()

    def _told(self, name: str, body: bytes, headers: dict[str, str]) -> Delivery:
        try:
            run = self._webhook.verify(body, headers)["run"]
        except WebhookVerificationError as error:
            return Delivery(name, name.rpartition(".")[0], f"not signed: {error}")
        return Delivery(name, run["id"], run["status"])


@asynccontextmanager
async def receiving(secret: str, seed: int) -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver(secret, seed)
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    async with server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/fanfare"
        yield receiver
