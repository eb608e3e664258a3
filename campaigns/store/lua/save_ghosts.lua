-- Saves what the look for ghosts came to. ARGV: portal, lease, and for each: ghost, when it is looked for next (0: never
-- again), and the id of what people must be told of ('' for nothing). Returns now, or false when the lease is lost.
local portal, lease = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
for i = 3, #ARGV, 3 do
  local ghost, next_look, shown = unpack(ARGV, i, i + 2)
  if next_look == '0' then
    redis.call('ZREM', KEY.ghosts .. portal, ghost)
  else
    redis.call('ZADD', KEY.ghosts .. portal, next_look, ghost)
  end
  if shown ~= '' then
    redis.call('ZADD', KEY.shown .. portal, 'NX', now, ghost .. ' ' .. shown)
    redis.call('PEXPIRE', KEY.shown .. portal, SHOWN)
  end
end
set_due(portal, now)
return now
