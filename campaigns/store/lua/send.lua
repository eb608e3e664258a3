-- Journals one call to HubSpot before it leaves: takes a place in the quota and saves Sent for each run it speaks for.
-- ARGV: portal, lease, calls per window, window (ms), how long the call may last (ms), name of the place, and for each
-- run: run id, name of the step's field, its state, and the operator's wish to end it that its holder knows ('' for none).
-- A read speaks for no run.
-- Returns {1, now}, {0, ms until a place may be free}, {-1} when the lease is lost, or {-2, run id, ...}: nothing may be
-- begun for these now, as they have got such a wish, or as the clock was set back behind what their step has come to.
local SET_BACK = 1000  -- ms: whose step lies so far ahead waits for itself; no other call waits for it
local portal, lease, most, window, lasts, place = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return {-1} end
local now = clock()
local recalled = {-2}
for i = 7, #ARGV, 4 do
  local state, cancel = unpack(redis.call('HMGET', KEY.run .. ARGV[i], ARGV[i + 1], 'cancel'))
  local before = tonumber(string.match(state or '', '^(%d+)') or 0)  -- no two attempts bear the same time
  if (cancel or '') ~= ARGV[i + 3] or before > now + SET_BACK then
    table.insert(recalled, ARGV[i])
  elseif before >= now then
    return {0, before - now + 1}
  end
end
if #recalled > 1 then return recalled end

local quota = KEY.quota .. portal
redis.call('ZREMRANGEBYSCORE', quota, '-inf', now)
if not redis.call('ZSCORE', quota, place) and redis.call('ZCARD', quota) >= tonumber(most) then
  return {0, first_score(quota) - now}
end

-- HubSpot counts the call somewhere between now and its answer: until that is known, the latest is assumed.
redis.call('ZADD', quota, now + lasts + window, place)
redis.call('PEXPIRE', quota, QUOTA)
for i = 7, #ARGV, 4 do
  local run = KEY.run .. ARGV[i]
  redis.call('HSET', run, ARGV[i + 1], now .. ':' .. ARGV[i + 2], 'busy', now + lasts)
end
return {1, now}
