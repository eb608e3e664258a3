-- Parks a portal. ARGV: portal, lease, why, for how long (ms), what its last call ended in.
-- Returns now, or false when the lease is lost.
local portal, lease, why, span, problem = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
redis.call('HSETNX', KEY.park .. portal, 'since', now)
redis.call('HSET', KEY.park .. portal, 'until', now + span, 'pause', span, 'why', why, 'problem', problem)
redis.call('PERSIST', KEY.park .. portal)
set_due(portal, now)
return now
