-- An operator pauses a portal, or lets it go on. ARGV: portal, 1 to pause and 0 to resume, who.
-- Returns {1 when this changes something, 1 when the portal must be called}.
local portal, pause, who = unpack(ARGV)
local now = clock()
local park = KEY.park .. portal
local changed
if pause == '1' then
  changed = redis.call('HSETNX', park, 'paused', now .. ' ' .. who)
  redis.call('PERSIST', park)
else
  changed = redis.call('HDEL', park, 'paused')
  if redis.call('HEXISTS', park, 'until') == 0 then redis.call('PEXPIRE', park, RECOVERED) end
end
wake(portal)
return {changed, set_due(portal, now) and 1 or 0}
