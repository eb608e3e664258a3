-- Claims callbacks, and messages to operators, whose time has come. ARGV: how many, how long until a dead process's come
-- back (ms). Returns {now, when the next one is due (-1: none), id, its fields, id, ...}.
local most, back = unpack(ARGV)
local now = clock()
local answer = {now, -1}
redis.call('SET', KEY.notifier, '', 'PX', LEASE)
redis.call('DEL', KEY.call .. '@callbacks')
for _, id in ipairs(redis.call('ZRANGE', KEY.callbacks, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)) do
  local state, after = unpack(redis.call('HMGET', posted_of(id), 'callback', 'after'))
  local before = after and redis.call('ZSCORE', KEY.callbacks, after)
  if state ~= 'due' then
    redis.call('ZREM', KEY.callbacks, id)  -- the run goes on after all, or is forgotten
  elseif before then
    redis.call('ZADD', KEY.callbacks, math.max(now, tonumber(before)) + 1, id)  -- one behind the other
  else
    redis.call('ZADD', KEY.callbacks, now + back, id)
    table.insert(answer, id)
    table.insert(answer, redis.call('HGETALL', posted_of(id)))
  end
end
answer[2] = first_score(KEY.callbacks) or -1
return answer
