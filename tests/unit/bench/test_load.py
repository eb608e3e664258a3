"""The load's connections: as many requests as are asked for, and not one more."""

import asyncio

from bench.load import BODY, Connection, Requests


class Written(asyncio.WriteTransport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.requests.append(bytes(data))


async def test_a_connection_that_comes_about_when_all_is_sent_sends_nothing_more() -> None:
    """Connections are made one after the other, while those that are there already send."""
    requests = Requests("r", BODY, "key", most=1)
    first, late = Written(), Written()
    Connection(requests).connection_made(first)
    connection = Connection(requests)
    connection.connection_made(late)
    assert (len(first.requests), late.requests) == (1, [])
    assert connection.ended.done()
