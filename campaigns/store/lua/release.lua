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
local call = set_due(portal, now)
if redis.call('EXISTS', KEY.due) == 0 or not redis.call('ZSCORE', KEY.due, portal) then
  redis.call('DEL', KEY.turns .. portal)  -- no open run is left: the turns begin anew
end
return {1, call and 1 or 0}
