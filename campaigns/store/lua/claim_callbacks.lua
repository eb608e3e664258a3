-- Claims callbacks whose time has come. ARGV: how many, how long until a dead process's come back (ms).
-- Returns {now, when the next one is due (-1: none), run id, its fields, run id, ...}.
local most, back = unpack(ARGV)
local now = clock()
local answer = {now, -1}
redis.call('SET', KEY.notifier, '', 'PX', LEASE)
redis.call('DEL', KEY.call .. '@callbacks')
for _, id in ipairs(redis.call('ZRANGE', KEY.callbacks, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)) do
  if redis.call('HGET', KEY.run .. id, 'callback') == 'due' then
    redis.call('ZADD', KEY.callbacks, now + back, id)
    table.insert(answer, id)
    table.insert(answer, redis.call('HGETALL', KEY.run .. id))
  else
    redis.call('ZREM', KEY.callbacks, id)  -- the run goes on after all, or is forgotten
  end
end
answer[2] = first_score(KEY.callbacks) or -1
return answer
