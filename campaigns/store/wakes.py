"""Hearing at once that there is work, over Redis's channels. A message may be lost, so whoever waits also looks."""

import asyncio
from typing import Any, Final, Self

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from campaigns import keys
from campaigns.ending import end

CALLBACKS: Final = "@callbacks"
"""The name under which it is told that callbacks are due; no portal is called so."""

CAMPAIGNS: Final = "@campaigns"
"""The name that every process listens to which serves portals: so it is known how many there are."""

QUIET: Final = 5.0
"""A connection that is open only on our side is given up within ten seconds."""

RETRY: Final = 0.25
"""Seconds between two tries to subscribe while Redis is away."""


class Wakes:
    """An event for each portal that this process may hold, and one for callbacks; set when others say there is work.

    Use it as a context manager. While it stands it reads from one connection; when that breaks, or Redis goes away, it
    subscribes again, and then sets every event, as anything may have been said meanwhile.

    Args:
        redis: gives the connection, and how often and long it tries to connect.
        process: the name in this process's leases.
        serves: whether it counts among those that serve portals.
        quiet: seconds of silence after which the connection is tested, and after as many more given up.

    """

    def __init__(self, redis: Redis, process: str, *, serves: bool = False, quiet: float = QUIET) -> None:
        self._redis = redis
        self._quiet = quiet
        self._callbacks = (keys.PREFIXES["wake"] + CALLBACKS).encode()
        names = (process, CAMPAIGNS) if serves else (process,)
        self._channels = (self._callbacks, *((keys.PREFIXES["wake"] + name).encode() for name in names))
        self._events: dict[str, asyncio.Event] = {}
        self._hearing: asyncio.Task[None] | None = None

    def event(self, name: str) -> asyncio.Event:
        """The event of the portal *name*, or of `CALLBACKS`: always the same; whoever waits for it clears it."""
        return self._events.setdefault(name, asyncio.Event())

    async def __aenter__(self) -> Self:
        self._hearing = asyncio.create_task(self._hear())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._hearing:
            await end([self._hearing])

    async def _hear(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channels:
                    async with asyncio.timeout(self._quiet):
                        await channels.subscribe(*self._channels)
                    await self._hear_from(channels)
            except (RedisError, OSError):
                await asyncio.sleep(RETRY)

    async def _hear_from(self, channels: PubSub) -> None:
        tested = False
        while True:
            message = await channels.get_message(timeout=self._quiet)
            if message is not None:
                tested = False
                self._tell(message)
            elif tested:
                raise TimeoutError("the connection is open and nobody answers")
            else:
                tested = True
                await channels.ping()

    def _tell(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe" if message["data"] == len(self._channels):
                for event in self._events.values():
                    event.set()
            case "message":
                name = CALLBACKS if message["channel"] == self._callbacks else message["data"].decode()
                if name in self._events:
                    self._events[name].set()
