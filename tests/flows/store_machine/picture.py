"""All that Redis holds, seen in one moment: read by one script, so that no picture shows half of a change."""

from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis

from campaigns import keys
from tests.flows.store_machine.stopped_clock import CLOCK, LIVES

_LUA: Final = """
local now = tonumber(redis.call('GET', ARGV[1]))
local answer = {now}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  local all, left = {}, (redis.call('ZSCORE', ARGV[2], key) or now - 1) - now
  if kind == 'zset' then all = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'hash' then all = redis.call('HGETALL', key)
  elseif kind == 'string' then all = {redis.call('GET', key)} end
  for _, part in ipairs({key, kind, left, all}) do table.insert(answer, part) end
end
return answer
"""

OPEN_PLACES: Final = ("line", "waiting", "held", "flight")
"""The places of open runs that are sets of their portal's; the lane is the fifth."""


class Picture(msgspec.Struct):
    """What Redis held at the time *now* (ms).

    Attributes:
        left: milliseconds that each key has left; only of those that have a lifetime.

    """

    now: int
    zsets: dict[str, dict[str, float]] = {}
    hashes: dict[str, dict[str, bytes]] = {}
    strings: dict[str, bytes] = {}
    left: dict[str, int] = {}

    @classmethod
    async def of(cls, redis: Redis) -> "Picture":
        """What *redis* holds now."""
        now, *flat = cast("list[Any]", await redis.eval(_LUA, 0, CLOCK, LIVES))
        found = cls(now)
        for i in range(0, len(flat), 4):
            key, kind, left, told = flat[i].decode(), flat[i + 1], flat[i + 2], flat[i + 3]
            if key in {CLOCK, LIVES}:
                continue
            if left >= 0:
                found.left[key] = left
            match kind:
                case b"zset":
                    found.zsets[key] = {told[n].decode(): float(told[n + 1]) for n in range(0, len(told), 2)}
                case b"hash":
                    found.hashes[key] = {told[n].decode(): told[n + 1] for n in range(0, len(told), 2)}
                case _:
                    found.strings[key] = told[0]
        return found

    @property
    def keys(self) -> set[str]:
        """The names of all keys."""
        return {*self.zsets, *self.hashes, *self.strings}

    def going(self, moment: int) -> set[str]:
        """The keys that go by themselves within a *moment* (ms)."""
        return {key for key, left in self.left.items() if left <= moment}

    def without(self, going: set[str]) -> dict[str, object]:
        """What every other key holds."""
        parts = (self.zsets, self.hashes, self.strings)
        return {key: told for part in parts for key, told in part.items() if key not in going}

    def zset(self, name: str, of: str = "") -> dict[str, float]:
        """Members and scores of the set that `keys.PREFIXES` calls *name*, that of the portal, caller or lane *of*."""
        return self.zsets.get(keys.PREFIXES[name] + of, {})

    def all_zsets(self, name: str) -> dict[str, dict[str, float]]:
        """All sets that `keys.PREFIXES` calls *name*, by whose they are."""
        prefix = keys.PREFIXES[name]
        return {key.removeprefix(prefix): told for key, told in self.zsets.items() if key.startswith(prefix)}

    def run(self, run_id: str) -> dict[str, bytes]:
        """The fields of a run; none when it is not there."""
        return self.hashes.get(keys.PREFIXES["run"] + run_id, {})

    @property
    def runs(self) -> dict[str, dict[str, bytes]]:
        """The fields of all runs, by their ids."""
        prefix = keys.PREFIXES["run"]
        return {key.removeprefix(prefix): told for key, told in self.hashes.items() if key.startswith(prefix)}

    @property
    def open_runs(self) -> dict[str, dict[str, bytes]]:
        """The fields of the runs that have not ended."""
        return {run_id: told for run_id, told in self.runs.items() if told.get("place") != b"ended"}

    def lease(self, portal: str) -> str | None:
        """Who serves *portal*, as it stands in Redis."""
        told = self.strings.get(keys.PREFIXES["lease"] + portal)
        return told.decode() if told is not None else None

    def left_of(self, name: str, of: str) -> int:
        """Milliseconds that a key has left; 0 when it is not there."""
        return self.left.get(keys.PREFIXES[name] + of, 0)

    def lane(self, lane: str) -> list[str]:
        """The ids of the runs in a lane, its head first."""
        rows = sorted(self.zset("lane", lane).items(), key=lambda row: (row[1], row[0]))
        return [member.rpartition(" ")[2] for member, _ in rows]

    def places(self, run_id: str) -> list[str]:
        """Where an open run stands, as the sets tell it: one word for each place in which it is found."""
        told = self.run(run_id)
        portal, lane = told["portal"].decode(), told["lane"].decode()
        found = [place for place in OPEN_PLACES if run_id in self.zset(place, portal)]
        return [*found, *(["lane"] if run_id in self.lane(lane)[1:] else [])]
