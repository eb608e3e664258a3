-- Forgets runs whose time is over, with their keys: a key used after that is a new wish. ARGV: how many at most.
-- Returns how many were forgotten.
local now = clock()
local over = redis.call('ZRANGE', KEY.ended, '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
for _, id in ipairs(over) do
  local caller, key = unpack(redis.call('HMGET', KEY.run .. id, 'caller', 'key'))
  redis.call('DEL', KEY.run .. id, KEY.key .. key)
  redis.call('ZREM', KEY.index .. caller, id)
  redis.call('ZREM', KEY.ended, id)
  redis.call('ZREM', KEY.callbacks, id)
  redis.call('ZREM', KEY.undelivered .. caller, id)
end
return #over
