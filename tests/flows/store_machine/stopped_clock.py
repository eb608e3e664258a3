"""A clock for the store's scripts that stands still unless it is moved, so that the same rules give the same story.

The scripts ask Redis for its time and for how long keys live. Here these questions, and no others, are answered from two
keys of the test's own: a clock that goes on by one millisecond with each script, and a set of when each key goes.
"""

from typing import Final

from redis.asyncio import Redis

from campaigns.store.scripts import ScriptName, source

CLOCK: Final = "clock"
LIVES: Final = "clock:lives"
"""Key -> when it goes, by the clock."""

BEGIN: Final = 1_800_000_000_000
"""Some day in January."""

_EXPIRE: Final = f"""
local function expire(call, now)
  for _, key in ipairs(call('ZRANGE', '{LIVES}', '-inf', now, 'BYSCORE')) do call('DEL', key) end
  call('ZREMRANGEBYSCORE', '{LIVES}', '-inf', now)
end
"""

_SHIM: Final = (
    _EXPIRE
    + f"""
local function stopped(real)
  local now, lives = real('INCR', '{CLOCK}'), '{LIVES}'
  expire(real, now)
  local commands = {{}}
  function commands.TIME() return {{math.floor(now / 1000), now % 1000 * 1000}} end
  function commands.PERSIST(key) return real('ZREM', lives, key) end
  function commands.PEXPIRE(key, span)
    return real('EXISTS', key) == 1 and real('ZADD', lives, string.format('%.0f', now + span), key)
  end
  function commands.PTTL(key)
    if real('EXISTS', key) == 0 then return -2 end
    return (real('ZSCORE', lives, key) or now - 1) - now
  end
  function commands.SET(key, ...)
    local kept, span, given = {{}}, nil, {{...}}
    for i, part in ipairs(given) do
      if part == 'PX' then span = given[i + 1] elseif given[i - 1] ~= 'PX' then table.insert(kept, part) end
    end
    local answer = real('SET', key, unpack(kept))
    if answer then real('ZREM', lives, key) end
    if answer and span then commands.PEXPIRE(key, span) end
    return answer
  end
  return function(command, key, ...)
    if commands[command] then return commands[command](key, ...) end
    local answer = real(command, key, ...)
    if key and real('EXISTS', key) == 0 then real('ZREM', lives, key) end
    return answer
  end
end
local redis = {{call = stopped(redis.call)}}
"""
)


def by_the_stopped_clock(name: ScriptName) -> str:
    """The text of a script, that asks the stopped clock."""
    flags, _, text = source(name).partition("\n")
    return f"{flags}\n{_SHIM}{text}"


async def move(redis: Redis, milliseconds: int) -> None:
    """Let the clock go on, or back, by that much; what has lived so long goes."""
    script = f"{_EXPIRE} expire(redis.call, redis.call('INCRBY', '{CLOCK}', ARGV[1]))"
    await redis.eval(script, 0, str(milliseconds))


async def begin(redis: Redis) -> None:
    """Empty *redis*, and set the clock."""
    await redis.flushall()
    await redis.set(CLOCK, BEGIN)
