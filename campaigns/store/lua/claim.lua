-- Claims runs from a portal's line for its holder. ARGV: portal, lease, how many, how many more of priority high; and
-- when the answer to an earlier claim may have been lost, 'again' and the runs that the holder has in hand.
-- Returns {now, when there is next work without being told (-1: never), 1 when ghosts are to be looked for, 1 when the
-- portal is paused, run id, its fields, those of its subject, run id, ...}, or false when the lease is lost.
local portal, lease, most, most_high, again = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
if history_is_anothers() then  -- what is in hand may have been sent: whoever takes the portal next reckons with that
  redis.call('DEL', KEY.lease .. portal)
  set_due(portal, now)
  return false
end
if again then  -- what is in flight and in nobody's hand was claimed by a call whose answer got lost
  local in_hand = {}
  for i = 6, #ARGV do in_hand[ARGV[i]] = true end
  for _, id in ipairs(redis.call('ZRANGE', KEY.flight .. portal, 0, -1)) do
    if not in_hand[id] then
      redis.call('ZREM', KEY.flight .. portal, id)
      to_line(id)
    end
  end
end
local paused, probe = unpack(redis.call('HMGET', KEY.park .. portal, 'paused', 'until'))
if paused then return {now, -1, 0, 1} end
if probe and tonumber(probe) > now then return {now, tonumber(probe), 0, 0} end
local line, flight = KEY.line .. portal, KEY.flight .. portal
local ROUND = 1000  -- what comes due at once is moved in rounds: no script may hold Redis for long

for _, id in ipairs(redis.call('ZRANGE', KEY.waiting .. portal, '-inf', now, 'BYSCORE', 'LIMIT', 0, ROUND)) do
  redis.call('ZREM', KEY.waiting .. portal, id)
  redis.call('HDEL', KEY.run .. id, 'until')
  to_line(id)
end
for _, id in ipairs(redis.call('ZRANGE', KEY.held .. portal, '-inf', now, 'BYSCORE', 'LIMIT', 0, ROUND)) do
  unhold(id, portal)
  enter(id)
end

local answer = {now, -1, 0, 0}
local function claim(popped)
  for i = 1, #popped, 2 do
    local id, rank = popped[i], tonumber(popped[i + 1])
    local band = math.floor(rank / BAND)
    redis.call('HSET', KEY.turns .. portal, 'served ' .. band, rank - band * BAND)
    local till = held_by_cap(id, portal, now)
    if till then
      redis.call('HSET', KEY.run .. id, 'place', 'held', 'until', till)
      redis.call('ZADD', KEY.held .. portal, till, id)
    else
      redis.call('ZADD', flight, rank, id)
      redis.call('HSET', KEY.run .. id, 'place', 'flight')
      table.insert(answer, id)
      table.insert(answer, redis.call('HGETALL', KEY.run .. id))
      local lane = redis.call('HGET', KEY.run .. id, 'lane')
      table.insert(answer, lane and lane ~= '' and redis.call('HGETALL', KEY.subject .. lane) or {})
    end
  end
end
if tonumber(most) > 0 then claim(redis.call('ZPOPMIN', line, most)) end
for _ = 1, tonumber(most_high) do
  local rank = first_score(line)
  if not rank or rank >= BAND then break end
  claim(redis.call('ZPOPMIN', line))
end

local ghost = first_score(KEY.ghosts .. portal)
if ghost and ghost <= now then answer[3] = 1 end
answer[2] = next_work(portal, now) or -1
set_due(portal, now)
return answer
