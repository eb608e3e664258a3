-- Gives a portal's lease back. ARGV: portal, lease, settle window (ms), 1 to do so even if there is work.
-- Returns {2} when it was not ours any more, {1, 1 when the portal must be called} when it is free, {0} when there is
-- work: serve on.
local portal, lease, settle, anyway = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return {2} end
local now = clock()
local work = next_work(portal, now)
if anyway ~= '1' and work and work <= now then return {0} end
land(portal, tonumber(settle))
redis.call('DEL', KEY.lease .. portal)
return {1, set_due(portal, now) and 1 or 0}
