-- Takes a place in the quota for one read of a program that does not hold the portal's lease.
-- ARGV: portal, calls per window, window (ms), how long the call may last (ms), name of the place.
-- Returns {1, now}, or {0, ms until a place may be free}.
local portal, most, window, lasts, place = unpack(ARGV)
local now, quota = clock(), KEY.quota .. portal
redis.call('ZREMRANGEBYSCORE', quota, '-inf', now)
if redis.call('ZCARD', quota) >= tonumber(most) then return {0, first_score(quota) - now} end
redis.call('ZADD', quota, now + lasts + window, place)
redis.call('PEXPIRE', quota, QUOTA)
return {1, now}
