-- Saves what became of callbacks and messages. ARGV, five for each: its id, number of the status that was posted, what
-- became of it (delivered, unwanted, parked, due, untried), for the last two the span until the next try (ms), and what
-- went wrong ('' nothing). Returns now.
local now = clock()
for i = 1, #ARGV, 5 do
  local id, sequence, outcome, span, problem = unpack(ARGV, i, i + 4)
  local run = posted_of(id)
  local callback, posted, caller = unpack(redis.call('HMGET', run, 'callback', 'posted', 'caller'))
  -- Whoever posted slowly may find that another has delivered it since, or that the run has a newer status to post.
  if posted == sequence and callback ~= 'delivered' then
    if outcome ~= 'untried' then
      redis.call('HSET', run, 'callback', outcome, 'callback_problem', problem)
      redis.call('HINCRBY', run, 'callback_tries', 1)
      if callback == 'parked' then redis.call('ZREM', KEY.undelivered .. caller, id) end
      if outcome == 'parked' then
        local list, left = KEY.undelivered .. caller, redis.call('PTTL', run)  -- that of a message; a run is trimmed
        if left < 0 then left = math.max((redis.call('ZSCORE', KEY.ended, id) or now) - now, 1) end
        redis.call('ZADD', list, now, id)
        if redis.call('PTTL', list) < left then redis.call('PEXPIRE', list, left) end
      end
    end
    if outcome == 'due' or outcome == 'untried' then
      redis.call('ZADD', KEY.callbacks, now + span, id)
    else
      redis.call('ZREM', KEY.callbacks, id)
    end
  end
end
return now
