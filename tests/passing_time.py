"""Letting time pass for a Redis in an instant. Its clock cannot be set; so all that is stored is made older instead.

What counts as a time is found by its size, not by its name, so that new keys are covered by themselves: every score, and
every number at the beginning or end of a text, that lies within two years of Redis's now, in milliseconds or (RQ's) in
seconds. What a run was planned with, the record of an ended one, and what is kept of a subject stay as they are: nothing
is decided by them there.
"""

from typing import Final

from redis.asyncio import Redis

SECOND: Final = 1_000
HOUR: Final = 3_600 * SECOND
DAY: Final = 24 * HOUR

_LUA: Final = """
local span = tonumber(ARGV[1])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local NEAR = 2 * 365 * 86400 * 1000
local PACKED = {plan = true, record = true, kept = true}

local function older(number)
  if math.abs(number - now) < NEAR then return number - span end
  if math.abs(number * 1000 - now) < NEAR then return number - span / 1000 end
end
local function in_text(text)
  local digits, rest = string.match(text, '^(%d+)(.*)$')
  if digits and (rest == '' or string.find(rest, '^[ :.]')) then
    local number = older(tonumber(digits))
    if number then return string.format('%.0f', number) .. rest end
  end
  local before
  before, digits = string.match(text, '^(.* )(%d+)$')
  local number = digits and older(tonumber(digits))
  if number then return before .. string.format('%.0f', number) end
end

for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind, left = redis.call('TYPE', key).ok, redis.call('PTTL', key)
  if kind == 'zset' then
    local rows = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for i = 1, #rows, 2 do
      local number = older(tonumber(rows[i + 1]))
      if number then redis.call('ZADD', key, string.format('%.3f', number), rows[i]) end
    end
  elseif kind == 'hash' then
    local rows = redis.call('HGETALL', key)
    for i = 1, #rows, 2 do
      local text = not PACKED[rows[i]] and in_text(rows[i + 1])
      if text then redis.call('HSET', key, rows[i], text) end
    end
  elseif kind == 'string' then
    local text = in_text(redis.call('GET', key))
    if text then redis.call('SET', key, text, 'KEEPTTL') end
  end
  if left >= 0 then redis.call('PEXPIRE', key, left - span) end
end
"""


async def let_pass(redis: Redis, milliseconds: int) -> None:
    """Make everything in *redis* that many milliseconds older; a negative span sets its clock back."""
    await redis.eval(_LUA, 0, str(milliseconds))
