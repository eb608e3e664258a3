-- Finds a caller's first run that was accepted at a time or later. ARGV: caller, time.
-- Returns the number of its acceptance; -1 when there is none. Numbers and times grow together, so halving finds it.
local index, low, high = KEY.index .. ARGV[1], 0, redis.call('ZCARD', KEY.index .. ARGV[1])
while low < high do
  local middle = math.floor((low + high) / 2)
  local id = redis.call('ZRANGE', index, middle, middle)[1]
  if tonumber(redis.call('HGET', KEY.run .. id, 'accepted')) < tonumber(ARGV[2]) then low = middle + 1 else high = middle end
end
return tonumber(redis.call('ZRANGE', index, low, low, 'WITHSCORES')[2] or -1)
