-- Takes a portal's lease. ARGV: portal, lease ("<process> <token>"), settle window (ms).
-- Returns now, or false when somebody else serves the portal.
local portal, lease, settle = unpack(ARGV)
local now = clock()
if not redis.call('SET', KEY.lease .. portal, lease, 'NX', 'PX', LEASE) then return false end
redis.call('DEL', KEY.call .. portal)
redis.call('ZREM', KEY.late, portal)
land(portal, tonumber(settle))
set_due(portal, now)
return now
