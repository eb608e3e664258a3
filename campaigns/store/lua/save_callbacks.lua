#!lua flags=allow-oom
-- Saves what became of callbacks. ARGV, three for each: run id, what became of it (delivered, parked, due),
-- and for one that is still due the span until the next try (ms). Returns now.
local now = clock()
for i = 1, #ARGV, 3 do
  local id, outcome, span = unpack(ARGV, i, i + 2)
  local run = KEY.run .. id
  if redis.call('EXISTS', run) == 1 then
    redis.call('HSET', run, 'callback', outcome)
    redis.call('HINCRBY', run, 'callback_tries', 1)
  end
  if outcome == 'due' then
    redis.call('ZADD', KEY.callbacks, now + span, id)
  else
    redis.call('ZREM', KEY.callbacks, id)
  end
end
return now
