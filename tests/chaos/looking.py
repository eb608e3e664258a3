"""Looking into Redis from beside: who serves the portal, what is open, and when somebody took it."""

from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis

from campaigns import keys

PORTAL: Final = "acme"

_LOOK: Final = """
local t = redis.call('TIME')
local busy = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  busy = busy + redis.call('HEXISTS', KEYS[8] .. id, 'busy')
end
local in_hand = redis.call('ZCARD', KEYS[2])
local open = in_hand
for i = 3, 5 do open = open + redis.call('ZCARD', KEYS[i]) end
return {t[1] * 1000 + math.floor(t[2] / 1000), redis.call('GET', KEYS[1]) or '', redis.call('PTTL', KEYS[1]), in_hand, busy, open,
  redis.call('ZCARD', KEYS[6]), redis.call('ZCARD', KEYS[7])}
"""


class Seen(msgspec.Struct, frozen=True):
    """How things stand.

    Attributes:
        now: Redis's time (ms).
        lease: of the portal, "" when nobody serves it.
        lease_left: how long it lasts (ms).
        in_hand: runs that the holder has claimed.
        open_calls: runs in hand whose call to HubSpot has no answer.
        open_runs: runs that have not ended, but for those behind others in their lanes.
        callbacks: statuses that have not been delivered.
        ghosts: attempts that are still looked for.

    """

    now: int
    lease: str
    lease_left: int
    in_hand: int
    open_calls: int
    open_runs: int
    callbacks: int
    ghosts: int

    @property
    def holder(self) -> int | None:
        """The process that serves the portal: a lease begins with `<host>.<pid>.`."""
        process = self.lease.partition(" ")[0]
        return int(process.rsplit(".", 2)[1]) if process else None

    @property
    def renewed_at(self) -> int:
        """When the lease was last taken or renewed, by Redis's clock."""
        return self.now - (keys.LEASE - self.lease_left)


async def look(redis: Redis) -> Seen:
    """How things stand now; raises what redis-py raises."""
    prefix = keys.PREFIXES
    of_portal = [prefix[name] + PORTAL for name in ("lease", "flight", "line", "waiting", "held")]
    named = [*of_portal, prefix["callbacks"], prefix["ghosts"] + PORTAL, prefix["run"]]
    answer = cast("list[Any]", await redis.eval(_LOOK, len(named), *named))
    now, lease, left, *counts = answer
    return Seen(now, lease.decode(), left, *counts)
