"""The load: 64 connections, each sends its next trigger as soon as the last one is answered. wrk where it is installed.

`python -m bench.load` is what serves elsewhere: a process of its own that writes prepared bytes and reads only what it
must of the answers.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, cast

import msgspec
import uvloop

CONNECTIONS: Final = 64
KEY: Final = "bench-key"
BODY: Final = json.dumps(
    {
        "type": "campaign.requested",
        "source": "urn:bench",
        "id": "@",
        "subject": "sku-@",
        "portal": "acme",
        "data": {
            "properties": {
                "hs_name": "Launch @",
                "hs_notes": "Reach those who asked for it last year",
                "hs_audience": "customers in three regions, twice a year",
            },
            "assets": [{"type": "MARKETING_EMAIL", "id": "1"}],
        },
    }
)
"""A trigger of about 350 bytes; every @ becomes its number."""

LONGEST_SENDING: Final = 300.0
"""Seconds in which a number of triggers must be sent; some hundred a second are slow."""

HEAD_ENDS: Final = b"\r\n\r\n"


class Loaded(msgspec.Struct, frozen=True):
    """What a load came to.

    Attributes:
        answers: all that came, whatever they said.
        refused: those that were no 202.

    """

    answers: int
    refused: int
    seconds: float

    @property
    def accepted(self) -> int:
        """Triggers that got a 202."""
        return self.answers - self.refused

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def exact() -> bool:
    """Whether the load waits for every answer; wrk walks away from those that are on their way at the end."""
    return shutil.which("wrk") is None


def load(port: int, seconds: float, run: str, *, key: str = KEY, body: str = BODY) -> Loaded:
    """Load the service on *port* from a process of its own.

    Args:
        port: where it listens on this machine.
        seconds: how long.
        run: begins the number of each trigger; no two calls may give the same.
        key: the caller's.
        body: of each trigger; every @ becomes its number.

    """
    wrk = shutil.which("wrk")
    script = str(Path(__file__).with_suffix(".lua"))
    command = (
        [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", script, f"http://127.0.0.1:{port}"]
        if wrk
        else [sys.executable, "-m", "bench.load", str(port), str(seconds)]
    )
    return _loaded(command, seconds, {"BENCH_RUN": run, "BENCH_KEY": key, "BENCH_BODY": body})


def send(port: int, most: int, run: str, *, key: str = KEY, body: str = BODY) -> Loaded:
    """Send exactly *most* triggers, in the same way; the other arguments are those of `load`."""
    command = [sys.executable, "-m", "bench.load", str(port), str(LONGEST_SENDING), str(most)]
    return _loaded(command, LONGEST_SENDING, {"BENCH_RUN": run, "BENCH_KEY": key, "BENCH_BODY": body})


def _loaded(command: list[str], seconds: float, told: dict[str, str]) -> Loaded:
    done = subprocess.run(command, env=os.environ | told, check=True, capture_output=True, timeout=seconds + 30)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Loaded)


class Requests:
    """The bytes of one request after the other, until the time is over or *most* have been sent."""

    def __init__(self, run: str, body: str, key: str, most: int | None = None) -> None:
        head = (
            "POST /v1/triggers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {key}\r\nContent-Length: {len(body.replace('@', f'{run}{0:08d}'))}\r\n\r\n"
        )
        self._parts = (head + body).encode().split(b"@")
        self._run = run
        self._number = 0
        self._most = most
        self.over = False

    def next(self) -> bytes:
        """The next request."""
        self._number += 1
        self.over |= self._number == self._most
        return f"{self._run}{self._number:08d}".encode().join(self._parts)


class Connection(asyncio.Protocol):
    """One of the connections."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._read = b""
        self._transport: asyncio.WriteTransport | None = None
        self.answers = 0
        self.refused = 0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless the others have sent the last request meanwhile."""
        self._transport = cast("asyncio.WriteTransport", transport)
        if self._requests.over:
            self.ended.set_result(None)
        else:
            self._transport.write(self._requests.next())

    def data_received(self, data: bytes) -> None:
        """Count the answer once it is whole, and send the next request."""
        self._read += data
        head, ends, body = self._read.partition(HEAD_ENDS)
        if not ends or len(body) < _length(head):
            return
        self.answers += 1
        self.refused += not head.startswith(b"HTTP/1.1 202")
        self._read = b""
        if self._transport is None or self._requests.over:
            self.ended.set_result(None)
        else:
            self._transport.write(self._requests.next())

    def connection_lost(self, error: Exception | None) -> None:
        """Fail: nobody closes a connection while a request is on its way."""
        if not self.ended.done():
            self.ended.set_exception(error or ConnectionResetError("the service closed a connection"))


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0])


async def _load(port: int, seconds: float, requests: Requests) -> Loaded:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    loop.call_later(seconds, setattr, requests, "over", True)
    made: list[tuple[asyncio.BaseTransport, Connection]] = []
    while len(made) < CONNECTIONS and not requests.over:
        made.append(await loop.create_connection(lambda: Connection(requests), "127.0.0.1", port))
    await asyncio.gather(*(connection.ended for _, connection in made))
    answers, refused = (sum(getattr(one, name) for _, one in made) for name in ("answers", "refused"))
    return Loaded(answers, refused, time.perf_counter() - began)


def main() -> None:
    """Load, and print what it came to as JSON."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    most = int(sys.argv[3]) if len(sys.argv) > 3 else None  # noqa: PLR2004 - the third argument, if there is one
    requests = Requests(os.environ["BENCH_RUN"], os.environ["BENCH_BODY"], os.environ["BENCH_KEY"], most)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_load(port, seconds, requests))) + b"\n")


if __name__ == "__main__":
    main()
