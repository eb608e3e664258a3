-- An operator pauses a portal, or lets it go on. ARGV: portal, 1 to pause and 0 to resume, who, once, mark (prelude).
-- Returns {outcome: paused, resumed or reused, 1 when this changes something, 1 when the portal must be called, 1 when
-- this was done before}.
local portal, pause, who, once, mark = unpack(ARGV)
local before = applied_before(once, mark)
if before then return {before, 0, 0, 1} end
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
local outcome = pause == '1' and 'paused' or 'resumed'
remember(once, mark, outcome)
wake(portal)
return {outcome, changed, set_due(portal, now) and 1 or 0, 0}
