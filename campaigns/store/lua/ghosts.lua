-- Gives the ghosts that are to be looked for now. ARGV: portal, lease, how many, until they are due again (ms).
-- Returns {now, ghost, ghost, ...}, or false when the lease is lost.
local portal, lease, most, back = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
local answer = {now}
for _, ghost in ipairs(redis.call('ZRANGE', KEY.ghosts .. portal, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)) do
  redis.call('ZADD', KEY.ghosts .. portal, now + back, ghost)
  table.insert(answer, ghost)
end
return answer
