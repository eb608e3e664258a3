-- Counts what stands where. ARGV: how many portals, the portals, the callers.
-- Returns JSON: what `health.Census` says, the portals as an array in the order asked.
local now = clock()

local function oldest_in_line(portal)
  local oldest = 0
  for band = 0, 2 do  -- who came first within a priority is at its beginning, or nearly
    local first = redis.call('ZRANGE', KEY.line .. portal, band * BAND, '(' .. (band + 1) * BAND, 'BYSCORE', 'LIMIT', 0, 1)[1]
    local accepted = first and tonumber(redis.call('HGET', KEY.run .. first, 'accepted'))
    if accepted and (oldest == 0 or accepted < oldest) then oldest = accepted end
  end
  return oldest
end

local function count(portal)
  local function size(key) return redis.call('ZCARD', key .. portal) end
  local function sum(key)
    local all = 0
    for _, runs in ipairs(redis.call('HVALS', key .. portal)) do all = all + runs end
    return all
  end
  local why, since, paused = unpack(redis.call('HMGET', KEY.park .. portal, 'why', 'since', 'paused'))
  local line, waiting, held, flight = size(KEY.line), size(KEY.waiting), size(KEY.held), size(KEY.flight)
  return {
    line = line, waiting = waiting, held = held, flight = flight,
    lane = math.max(sum(KEY.open) - line - waiting - held - flight, 0),
    oldest = oldest_in_line(portal), places = redis.call('ZCOUNT', KEY.quota .. portal, '(' .. now, '+inf'),
    ghosts = size(KEY.ghosts), shown = size(KEY.shown), over = sum(KEY.over),
    why = why or cjson.null, since = tonumber(since or 0), paused = paused and true or false,
  }
end

-- Since when the portal has been called for that has waited the longest: each call moves it on in the due set.
local function first_late()
  local late = redis.call('ZRANGE', KEY.late, 0, 99, 'WITHSCORES')
  for i = 1, #late, 2 do  -- one that is served all the same was taken by a process that knew no such set
    if redis.call('EXISTS', KEY.lease .. late[i]) == 0 then return tonumber(late[i + 1]) end
  end
  return math.huge
end

local portals, parked = {}, 0
for i = 2, 1 + ARGV[1] do table.insert(portals, count(ARGV[i])) end
for i = 2 + ARGV[1], #ARGV do parked = parked + redis.call('ZCARD', KEY.undelivered .. ARGV[i]) end
local first_due = math.min(first_score(KEY.due) or math.huge, first_late())
if first_due == math.huge then first_due = 0 end  -- there are none, or all are paused
return cjson.encode({
  now = now, first_due = first_due, first_callback = first_score(KEY.callbacks) or 0,
  callbacks = redis.call('ZCARD', KEY.callbacks), parked = parked, portals = portals,
})
