-- A parked portal is well again. ARGV: portal, lease. Returns now, or false when the lease is lost.
local portal, lease = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
local park = KEY.park .. portal
redis.call('HDEL', park, 'since', 'until', 'pause', 'why', 'problem')
redis.call('HSET', park, 'recovered', now)
if redis.call('HEXISTS', park, 'paused') == 0 then redis.call('PEXPIRE', park, RECOVERED) end
set_due(portal, now)
return now
