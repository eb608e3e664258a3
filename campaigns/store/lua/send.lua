-- Journals one call to HubSpot before it leaves: takes a place in the quota and saves Sent for each run it speaks for.
-- ARGV: portal, lease, calls per window, window (ms), how long the call may last (ms), name of the place, and for each
-- run: run id, name of the step's field, its state. A read speaks for no run.
-- Returns {1, now}, {0, ms until a place may be free}, or {-1} when the lease is lost.
local portal, lease, most, window, lasts, place = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return {-1} end
local now = clock()
for i = 7, #ARGV, 3 do
  local before = string.match(redis.call('HGET', KEY.run .. ARGV[i], ARGV[i + 1]) or '', '^(%d+)')
  if before and tonumber(before) >= now then return {0, 1} end  -- no two attempts bear the same time
end

local quota = KEY.quota .. portal
redis.call('ZREMRANGEBYSCORE', quota, '-inf', now)
if not redis.call('ZSCORE', quota, place) and redis.call('ZCARD', quota) >= tonumber(most) then
  return {0, first_score(quota) - now}
end

-- HubSpot counts the call somewhere between now and its answer: until that is known, the latest is assumed.
redis.call('ZADD', quota, now + lasts + window, place)
redis.call('PEXPIRE', quota, QUOTA)
for i = 7, #ARGV, 3 do
  local run = KEY.run .. ARGV[i]
  redis.call('HSET', run, ARGV[i + 1], now .. ':' .. ARGV[i + 2], 'busy', now + lasts)
end
return {1, now}
