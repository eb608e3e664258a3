-- Stores what arrived together. ARGV, eleven for each: key hash, fingerprint, run id, caller, portal, priority (0 first),
-- order so far, lane ('' for none), how many campaigns which recipe may make in an hour ('' any), notbefore (0 for none),
-- and the plan.
-- Returns {portals to call, outcome, run id, portal, first status, outcome, ...}; outcome: accepted, replayed, reused.
local EACH = 11
local now = clock()
local number = redis.call('INCRBY', KEY.accepts, #ARGV / EACH) - #ARGV / EACH
local answer, touched = {{}}, {}

for i = 1, #ARGV, EACH do
  local key, fingerprint, id, caller, portal, band, order, lane, cap, notbefore, plan = unpack(ARGV, i, i + EACH - 1)
  number = number + 1
  local outcome = 'accepted'
  local known = redis.call('GET', KEY.key .. key)
  if known then
    local known_id, known_fingerprint = string.match(known, '^(%S+) (%S+)$')
    id = known_id
    outcome = known_fingerprint == fingerprint and 'replayed' or 'reused'
  else
    redis.call('SET', KEY.key .. key, id .. ' ' .. fingerprint)
    if redis.call('EXISTS', KEY.run .. id) == 1 then
      outcome = 'replayed'   -- the same wish, whose key was lost: a run is never written over
    end
  end

  if outcome == 'accepted' then
    local held = tonumber(notbefore) > now
    if string.sub(order, -1) == '.' then order = order .. string.format('%014d', now) end
    redis.call('HSET', KEY.run .. id, 'plan', plan, 'caller', caller, 'portal', portal, 'band', band,
      'order', order .. string.format('.%016d', number), 'lane', lane, 'key', key, 'accepted', now, 'version', 1,
      'first', held and 'held' or 'waiting')
    if cap ~= '' then redis.call('HSET', KEY.run .. id, 'cap', cap) end
    redis.call('ZADD', KEY.index .. caller, number, id)
    if held then
      redis.call('HSET', KEY.run .. id, 'place', 'held', 'until', notbefore)
      redis.call('ZADD', KEY.held .. portal, notbefore, id)
    else
      enter(id)
    end
    count_open(portal, caller, 1)
    touched[portal] = true
  end
  local first, at = unpack(redis.call('HMGET', KEY.run .. id, 'first', 'portal'))
  for _, part in ipairs({outcome, id, at, first}) do table.insert(answer, part) end
end

for portal in pairs(touched) do
  wake(portal)
  tell_delayed(portal, now)
  if set_due(portal, now) then table.insert(answer[1], portal) end
end
return answer
