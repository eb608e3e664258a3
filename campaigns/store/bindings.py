"""Subjects: what is kept of each, and binding one to a campaign that somebody else has made."""

from typing import cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from campaigns import keys
from campaigns.errors import Conflict, Unavailable
from campaigns.model import Subject
from campaigns.store import records
from campaigns.store.scripts import Scripts


class Bound(msgspec.Struct, frozen=True):
    """When the subject was bound to its campaign, and by which caller."""

    at: int
    by: str


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a subject; *bound* is None for a campaign of our own making."""

    subject: Subject
    bound: Bound | None = None


class Bindings:
    """What is kept of the subjects of all portals, each named by its lane (`keys.lane_name`)."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def read(self, lane: str) -> Kept:
        """What is kept of a subject, nothing included.

        Raises:
            Unavailable: Redis does not answer.

        """
        try:
            found = cast("dict[bytes, bytes]", await self._redis.hgetall(keys.PREFIXES["subject"] + lane))
        except (RedisError, OSError) as error:
            raise Unavailable(f"Redis: {error}") from error
        fields = {name.decode(): value for name, value in found.items()}
        at, _, by = fields.get("bound", b"").decode().partition(" ")
        return Kept(records.subject(fields), Bound(int(at), by) if at else None)

    async def bind(self, lane: str, campaign: str, by: str) -> None:
        """Let *campaign* be the subject's from now on; nothing changes if it is.

        Raises:
            Conflict: runs of the subject are under way, and may make or change another.
            Unavailable: Redis does not answer.

        """
        if await self._scripts.run("bind", lane, campaign, by) == b"busy":
            raise Conflict("runs for this subject are under way: bind it when they have ended")
