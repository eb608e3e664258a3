-- Saves what became of steps. ARGV: portal, lease, and for each run: run id, place (flight, waiting, line), span until
-- a waiting run goes on (ms), 1 when no call is unanswered any more, field, time (0: now) and state of the step, ghost that
-- its last attempt leaves and when that is looked for, and what is kept of its subject (prelude).
-- Field '' changes no step, ghost '' leaves none. Returns {now, and for each run the priority of its lane, and 1 when it
-- goes on at once as operators want it to end, wherever it was to go}, or false when the lease is lost.
local portal, lease = ARGV[1], ARGV[2]
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
local answer = {now}
for i = 3, #ARGV, 11 do
  local id, place, span, answered, field, at, state, ghost, look, campaign, kept = unpack(ARGV, i, i + 10)
  local run = KEY.run .. id
  local stood, band = unpack(redis.call('HMGET', run, 'place', 'band'))
  table.insert(answer, tonumber(band) or -1)  -- an ended run has none
  local recalled = false
  if stood == 'flight' then  -- else this was saved before, and only the answer was lost
    if field ~= '' then redis.call('HSET', run, field, (at == '0' and now or at) .. ':' .. state) end
    if ghost ~= '' then redis.call('ZADD', KEY.ghosts .. portal, look, ghost) end
    keep_subject(run, campaign, kept)
    if answered == '1' then redis.call('HDEL', run, 'busy') end
    if place ~= 'flight' then
      redis.call('ZREM', KEY.flight .. portal, id)
      recalled = redis.call('HDEL', run, 'recalled') == 1
      if place == 'waiting' and not recalled then to_waiting(id, portal, now + span) else to_line(id) end
    end
  end
  table.insert(answer, recalled and 1 or 0)
end
set_due(portal, now)
return answer
