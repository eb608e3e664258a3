-- Stores what arrived together. ARGV: one MessagePack of all, ten for each: key hash, fingerprint, run id, caller, portal,
-- priority (0 first), order so far, lane ('' for none), how many campaigns which recipe may make in an hour ('' any),
-- notbefore (0 for none); then the plan of each.
-- Returns {portals to call, number, outcome, run id, portal, first status, number, ...}, one for each that was not just
-- accepted and may go at once; outcome: accepted, replayed, reused.
local wishes = cmsgpack.unpack(ARGV[1])
local now = clock()
local number = redis.call('INCRBY', KEY.accepts, #wishes) - #wishes
local answer, opened = {{}}, {}

local function add(fields, name, value)
  if not value then return end
  table.insert(fields, name)
  table.insert(fields, value)
end

for i, wish in ipairs(wishes) do
  local key, fingerprint, id, caller, portal, band, order, lane, cap, notbefore = unpack(wish)
  number = number + 1
  local outcome, first = 'accepted', notbefore > now and 'held' or 'waiting'
  local known = redis.call('SET', KEY.key .. key, id .. ' ' .. fingerprint, 'NX', 'GET')
  if known then
    local known_id, known_fingerprint = string.match(known, '^(%S+) (%S+)$')
    id = known_id
    outcome = known_fingerprint == fingerprint and 'replayed' or 'reused'
  elseif redis.call('EXISTS', KEY.run .. id) == 1 then
    outcome = 'replayed'   -- the same wish, whose key was lost: a run is never written over
  end

  if outcome == 'accepted' then
    if string.sub(order, -1) == '.' then order = order .. string.format('%014d', now) end
    order = order .. string.format('.%016d', number)
    local place, rank, sequence = 'lane', nil, string.sub(order, 1, 16)
    if lane ~= '' and tonumber(sequence) > 0 then replace_held(portal, lane, sequence) end
    if first == 'held' then
      place = 'held'
      redis.call('ZADD', KEY.held .. portal, notbefore, id)
      if lane ~= '' then redis.call('ZADD', KEY.later .. lane, sequence, id) end
    elseif heads_lane(id, lane, order, band) then
      place, rank = 'line', next_rank(portal, caller, band)
      redis.call('ZADD', KEY.line .. portal, rank, id)
    end
    local fields = {'plan', ARGV[i + 1], 'caller', caller, 'portal', portal, 'band', band, 'order', order, 'lane', lane,
      'key', key, 'accepted', now, 'version', 1, 'first', first, 'place', place}
    add(fields, 'rank', rank)
    add(fields, 'until', first == 'held' and notbefore)
    add(fields, 'cap', cap ~= '' and cap)
    redis.call('HSET', KEY.run .. id, unpack(fields))
    redis.call('ZADD', KEY.index .. caller, number, id)
    opened[portal] = opened[portal] or {}
    opened[portal][caller] = (opened[portal][caller] or 0) + 1
  else
    portal, first = unpack(redis.call('HMGET', KEY.run .. id, 'portal', 'first'))
  end
  if outcome ~= 'accepted' or first ~= 'waiting' then
    for _, part in ipairs({i, outcome, id, portal, first}) do table.insert(answer, part) end
  end
end

for portal, callers in pairs(opened) do
  for caller, runs in pairs(callers) do count_open(portal, caller, runs) end
  wake(portal)
  tell_delayed(portal, now)
  if set_due(portal, now) then table.insert(answer[1], portal) end
end
return answer
