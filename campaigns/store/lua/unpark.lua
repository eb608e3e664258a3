-- A parked portal is well again. ARGV: portal, lease, how long it must stay so until that is told (ms).
-- Returns now, or false when the lease is lost.
local portal, lease, calm = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
local park, told = KEY.park .. portal, KEY.told .. portal
local why, since = unpack(redis.call('HMGET', park, 'why', 'since'))
if not why then return now end  -- this was saved before, and only the answer was lost
redis.call('HDEL', park, 'until', 'pause', 'why', 'problem')
redis.call('HSET', park, 'recovered', now, 'calm', now + calm)
for _, caller in ipairs(redis.call('HKEYS', told)) do
  if redis.call('HGET', told, caller) == message_id(portal, caller, since, 'delayed') then
    tell(portal, caller, message_id(portal, caller, since, 'recovered'), now + calm, 'type', 'portal.recovered',
      'reason', why, 'time', now, 'since', since, 'runs', redis.call('HGET', KEY.open .. portal, caller) or 0)
  end
end
if redis.call('HEXISTS', park, 'paused') == 0 then redis.call('PEXPIRE', park, RECOVERED) end
redis.call('PEXPIRE', told, RECOVERED)
set_due(portal, now)
return now
