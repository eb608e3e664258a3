-- What all scripts share. KEY (the beginning of every key), LEASE and CALL (ms) come from keys.py.

local BAND = 1e12       -- ranks of one priority: more turns than will ever be taken, and exact in a double

local function clock()  -- now, in ms
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- The id of the history that this server writes on with (another one than its birth record names: a replica has taken
-- over, or a server has begun anew), and whether there are replicas, or it was one: only then it may lack something.
local function history()
  local told = redis.call('INFO', 'replication')
  local replicas, before = string.match(told, 'connected_slaves:(%d+)'), string.match(told, 'master_replid2:(%x+)')
  return string.match(told, 'master_replid:(%x+)'), replicas ~= '0' or string.find(before or '', '[^0]') ~= nil
end

-- Whether what was confirmed may be missing here since a replica took over, and no epoch has begun for that yet.
local function history_is_anothers()
  local known = string.match(redis.call('GET', KEY.birth) or '', ' %d+ (%x+)$')
  if not known then return false end
  local id, replicated = history()
  return replicated and id ~= known
end

local function first_score(key)
  return tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
end

-- When the portal next has something to do: now if its line is not empty, or if who had runs in flight is gone, else the
-- first of those that wait; not before its next probe while it is parked, and never while it is paused. nil: nothing is
-- open, save what its holder has in flight.
local function next_work(portal, now)
  local left = redis.call('EXISTS', KEY.lease .. portal) == 0 and redis.call('EXISTS', KEY.flight .. portal) == 1
  local first = (left or redis.call('EXISTS', KEY.line .. portal) == 1) and now or nil
  for _, key in ipairs({KEY.waiting, KEY.held, KEY.ghosts}) do
    local score = first_score(key .. portal)
    if score and (not first or score < first) then first = score end
  end
  if not first then return nil end
  local paused, probe = unpack(redis.call('HMGET', KEY.park .. portal, 'paused', 'until'))
  if paused then return math.huge end
  return math.max(first, tonumber(probe or 0))
end

-- No run is open, nobody serves the portal: the turns begin anew, and as nobody will probe it, its trouble is forgotten
-- after a while.
local function rest(portal)
  redis.call('ZREM', KEY.due, portal)
  redis.call('DEL', KEY.turns .. portal)
  if redis.call('HEXISTS', KEY.park .. portal, 'paused') == 1 then return end
  for _, key in ipairs({KEY.park, KEY.told}) do redis.call('PEXPIRE', key .. portal, RECOVERED) end
end

-- Every script that touches a portal ends here: when must somebody be on it?
-- Returns true when nobody is and nobody was called: the process that ran the script enqueues the portal's RQ job.
local function set_due(portal, now)
  if redis.call('EXISTS', KEY.lease .. portal) == 1 then
    redis.call('ZADD', KEY.due, now + redis.call('PTTL', KEY.lease .. portal), portal)
    return false
  end
  local at = next_work(portal, now)
  if at and at <= now then
    redis.call('ZADD', KEY.late, 'NX', at, portal)
  else
    redis.call('ZREM', KEY.late, portal)
  end
  if not at then
    rest(portal)
  elseif at > now then
    redis.call('ZADD', KEY.due, at, portal)
  elseif redis.call('SET', KEY.call .. portal, '', 'NX', 'PX', CALL) then
    redis.call('ZADD', KEY.due, now + CALL, portal)
    return true
  else
    redis.call('ZADD', KEY.due, now + redis.call('PTTL', KEY.call .. portal), portal)
  end
  return false
end

-- Tells the portal's holder, if it has one, that there is work. A lease reads "<process> <token>".
local function wake(portal)
  local lease = redis.call('GET', KEY.lease .. portal)
  if lease then redis.call('PUBLISH', KEY.wake .. string.match(lease, '^%S+'), portal) end
end

-- A run's rank in the line: priority, then turn about between callers, then age. A caller's next turn comes after its
-- last one, but never before the turn that is being served: having been silent saves nothing up.
local function next_rank(portal, caller, band)
  local turns = KEY.turns .. portal
  local last, served = unpack(redis.call('HMGET', turns, band .. ' ' .. caller, 'served ' .. band))
  local turn = math.max(tonumber(last or -1) + 1, tonumber(served or 0))
  redis.call('HSET', turns, band .. ' ' .. caller, turn)
  return band * BAND + turn
end

-- Puts a run into its portal's line: where it stood before, if it did.
local function to_line(id)
  local run = KEY.run .. id
  local portal, caller, band, rank = unpack(redis.call('HMGET', run, 'portal', 'caller', 'band', 'rank'))
  rank = rank or next_rank(portal, caller, band)
  redis.call('HSET', run, 'place', 'line', 'rank', rank)
  redis.call('ZADD', KEY.line .. portal, rank, id)
end

-- A lane never goes slower than the most urgent run in it: its head takes over the higher priority, and hands it on to
-- the next when it goes.
local function raise(id, band)
  local run = KEY.run .. id
  local own, place, raised = unpack(redis.call('HMGET', run, 'band', 'place', 'raised'))
  if not raised or tonumber(band) < tonumber(raised) then redis.call('HSET', run, 'raised', band) end
  if tonumber(own) <= tonumber(band) then return end
  redis.call('HSET', run, 'band', band)
  redis.call('HDEL', run, 'rank')
  if place == 'line' then to_line(id) end
end

-- Whether a run whose time has come heads its lane, or has none; else it stands behind the others of it.
local function heads_lane(id, lane, order, band)
  if lane == '' then return true end
  lane = KEY.lane .. lane
  local head = redis.call('ZRANGE', lane, 0, 0)[1]
  if head == order .. ' ' .. id then return true end  -- it was held meanwhile
  redis.call('ZADD', lane, head and 1 or 0, order .. ' ' .. id)
  if head then raise(string.match(head, '%S+$'), band) end
  return not head
end

-- A run whose time has come: behind the others of its lane, or into the line.
local function enter(id)
  local run = KEY.run .. id
  if heads_lane(id, unpack(redis.call('HMGET', run, 'lane', 'order', 'band'))) then return to_line(id) end
  redis.call('HSET', run, 'place', 'lane')
end

-- A held run is held no more.
local function unhold(id, portal)
  local run = KEY.run .. id
  redis.call('ZREM', KEY.held .. portal, id)
  redis.call('ZREM', KEY.later .. redis.call('HGET', run, 'lane'), id)
  redis.call('HDEL', run, 'until')
end

-- A newer trigger has come for a subject: whatever of it is held with a lower sequence goes to the line, to be ended there.
local function replace_held(portal, lane, sequence)
  for _, id in ipairs(redis.call('ZRANGE', KEY.later .. lane, '-inf', '(' .. sequence, 'BYSCORE')) do
    unhold(id, portal)
    redis.call('HSET', KEY.run .. id, 'replaced', 1)
    redis.call('HDEL', KEY.run .. id, 'cap')
    to_line(id)
  end
end

-- Takes a run out of its lane and, if it was the head, lets the next one go, with the priority to which it was raised.
local function leave_lane(id, lane, order, raised)
  if lane == '' then return end
  lane = KEY.lane .. lane
  local first = redis.call('ZRANGE', lane, 0, 0)[1]
  redis.call('ZREM', lane, order .. ' ' .. id)
  local head = redis.call('ZRANGE', lane, 0, 0)[1]
  if not head or head == first then return end
  redis.call('ZADD', lane, 0, head)
  head = string.match(head, '%S+$')
  if raised then raise(head, raised) end
  to_line(head)
end

-- How many runs of each caller are open on a portal: whatever opens or ends a run says so here.
local function count_open(portal, caller, change)
  if redis.call('HINCRBY', KEY.open .. portal, caller, change) < 1 then redis.call('HDEL', KEY.open .. portal, caller) end
end

-- What is kept of the subject of a run that is still in its place: its campaign, '' for none, and all else, which gives way
-- as a whole; '' when nothing changes, 'forget' when nothing is kept. Who bound a campaign is known as long as it stays.
local function keep_subject(run, campaign, kept)
  if kept == '' then return end
  local subject = KEY.subject .. redis.call('HGET', run, 'lane')
  local before, bound = unpack(redis.call('HMGET', subject, 'campaign', 'bound'))
  redis.call('DEL', subject)
  if kept == 'forget' then return end
  redis.call('HSET', subject, 'kept', kept)
  if campaign ~= '' then redis.call('HSET', subject, 'campaign', campaign) end
  if bound and before == campaign then redis.call('HSET', subject, 'bound', bound) end
  redis.call('PEXPIRE', subject, SUBJECT)
end

local function to_waiting(id, portal, till)
  redis.call('HSET', KEY.run .. id, 'place', 'waiting', 'until', till)
  redis.call('ZADD', KEY.waiting .. portal, till, id)
end

-- What was in flight under a lease that is over goes back: a run with an unanswered call waits until the call has
-- surely ended and HubSpot has settled, any other may go at once.
local function land(portal, settle)
  for _, id in ipairs(redis.call('ZRANGE', KEY.flight .. portal, 0, -1)) do
    local busy = tonumber(redis.call('HGET', KEY.run .. id, 'busy'))
    if busy then to_waiting(id, portal, busy + settle) else to_line(id) end
  end
  redis.call('DEL', KEY.flight .. portal)
end

-- Callbacks are due: wakes who delivers them; true when nobody does and nobody was called.
local function call_notifier()
  if redis.call('EXISTS', KEY.notifier) == 1 then
    redis.call('PUBLISH', KEY.wake .. '@callbacks', '')
    return false
  end
  return redis.call('SET', KEY.call .. '@callbacks', '', 'NX', 'PX', CALL) and true or false
end

-- Where that stands which is posted: the status of a run, or a message to a caller's operators, whose id alone has dots.
local function posted_of(id)
  return (string.find(id, '.', 1, true) and KEY.message or KEY.run) .. id
end

local function message_id(portal, caller, since, kind)
  return table.concat({portal, caller, since, kind}, '.')
end

-- A message to a caller's operators, to be posted from a time on, behind the message LAST if that is still to be posted.
local function tell_behind(last, portal, caller, id, at, ...)
  redis.call('HSET', KEY.message .. id, 'callback', 'due', 'posted', 1, 'after', last, 'portal', portal, 'caller', caller, ...)
  redis.call('PEXPIRE', KEY.message .. id, SHOWN)
  redis.call('ZADD', KEY.callbacks, at, id)
end

-- A message of a portal's trouble, behind the one before it.
local function tell(portal, caller, id, at, ...)
  tell_behind(redis.call('HGET', KEY.told .. portal, caller) or '', portal, caller, id, at, ...)
  redis.call('HSET', KEY.told .. portal, caller, id)
end

-- Tells each caller with open runs on a parked portal of it, once. Once the probe is due nobody knows how the portal is:
-- whoever comes then is told if it is parked again. The sweep sees to it that somebody posts.
local function tell_delayed(portal, now)
  local why, since, till = unpack(redis.call('HMGET', KEY.park .. portal, 'why', 'since', 'until'))
  if not why or tonumber(till) <= now then return end
  local open = redis.call('HGETALL', KEY.open .. portal)
  for i = 1, #open, 2 do
    local caller, runs = open[i], open[i + 1]
    local id = message_id(portal, caller, since, 'delayed')
    if redis.call('HGET', KEY.told .. portal, caller) ~= id then
      tell(portal, caller, id, now, 'type', 'portal.delayed', 'reason', why, 'time', now, 'since', since, 'until', till,
        'runs', runs)
    end
  end
end

-- A recipe holds a run over its cap until a time. Its caller is told of the first one on the portal, and again only after a
-- time in which none of its runs was held so.
local function now_over(id, portal, caller, recipe, till, now)
  if redis.call('HSETNX', KEY.run .. id, 'over', 1) == 0 then return end
  if redis.call('HINCRBY', KEY.over .. portal, caller, 1) > 1 then return end
  tell_behind('', portal, caller, message_id(portal, caller, now, 'over'), now, 'type', 'recipe.over', 'reason', 'creates',
    'recipe', recipe, 'time', now, 'since', now, 'until', till, 'runs', redis.call('HGET', KEY.open .. portal, caller) or 0)
end

local function over_no_more(id, portal, caller)
  if redis.call('HDEL', KEY.run .. id, 'over') == 0 then return end
  if redis.call('HINCRBY', KEY.over .. portal, caller, -1) < 1 then redis.call('HDEL', KEY.over .. portal, caller) end
end

-- Ends a run: it leaves its lane, and its record takes the place of all else. True when its status is to be posted.
local function fold(id, ending, callback, record, retention, now)
  local run = KEY.run .. id
  local version, portal, lane, order, raised, caller, key, accepted, first, reported, history = unpack(redis.call('HMGET',
    run, 'version', 'portal', 'lane', 'order', 'raised', 'caller', 'key', 'accepted', 'first', 'reported', 'history'))
  over_no_more(id, portal, caller)
  redis.call('DEL', run)
  redis.call('HSET', run, 'record', record, 'ending', ending, 'ended', now, 'place', 'ended', 'version', version + 1,
    'portal', portal, 'caller', caller, 'key', key, 'accepted', accepted, 'first', first)
  if history then redis.call('HSET', run, 'history', history) end
  redis.call('ZADD', KEY.ended, now + retention, id)
  leave_lane(id, lane, order, raised)
  count_open(portal, caller, -1)
  if callback ~= '1' then return false end
  redis.call('HSET', run, 'callback', 'due', 'posted', (reported or 0) + 1)
  redis.call('ZADD', KEY.callbacks, now, id)
  return true
end

-- A recipe may make so many campaigns an hour on a portal: a run's `cap` is "<how many> <recipe>" until it may make its own.
-- The recipe's set holds for each run when that was, or will be.
local function creates_of(portal, cap)
  local most, recipe = string.match(cap, '^(%d+) (.*)$')
  return KEY.creates .. portal .. ' ' .. recipe, tonumber(most), recipe
end

-- Until when the run must be held; nil when it may go on: it makes no campaign, or may make it now.
local function held_by_cap(id, portal, now)
  local run = KEY.run .. id
  local cap, lane, cancel, caller = unpack(redis.call('HMGET', run, 'cap', 'lane', 'cancel', 'caller'))
  if not cap or cancel or (lane ~= '' and redis.call('HEXISTS', KEY.subject .. lane, 'campaign') == 1) then
    over_no_more(id, portal, caller)
    return nil
  end
  local creates, most, recipe = creates_of(portal, cap)
  redis.call('ZREMRANGEBYSCORE', creates, '-inf', now - HOUR)
  redis.call('ZREM', creates, id)
  local at = now
  if redis.call('ZCOUNT', creates, '-inf', now) >= most then  -- behind those that wait already
    at = tonumber(redis.call('ZRANGE', creates, -most, -most, 'WITHSCORES')[2]) + HOUR
    now_over(id, portal, caller, recipe, at, now)
  else
    redis.call('HDEL', run, 'cap')
    over_no_more(id, portal, caller)
  end
  redis.call('ZADD', creates, at, id)
  redis.call('PEXPIRE', creates, tonumber(redis.call('ZRANGE', creates, -1, -1, 'WITHSCORES')[2]) - now + HOUR)
  return at > now and at or nil
end

-- A run that its recipe's cap holds makes no campaign after all: the last of those that wait goes in its place. Where the
-- clock was set back, the last may be one that has made its own.
local function leave_cap(id, portal, now)
  local cap = redis.call('HGET', KEY.run .. id, 'cap')
  if not cap then return end
  local creates = creates_of(portal, cap)
  local at = tonumber(redis.call('ZSCORE', creates, id))
  if not at then return end  -- it was held for its own time
  redis.call('ZREM', creates, id)
  local last, late = unpack(redis.call('ZRANGE', creates, -1, -1, 'WITHSCORES'))
  if not last or tonumber(late) <= math.max(at, now) then return end
  if redis.call('HGET', KEY.run .. last, 'place') ~= 'held' then return end
  redis.call('ZADD', creates, at, last)
  redis.call('ZADD', KEY.held .. portal, at, last)
  redis.call('HSET', KEY.run .. last, 'until', at)
end

-- Operators' verbs. A verb is applied once for a key, and once for each run of a bulk: ONCE is 'key <hash>', 'bulk <id>'
-- or ''; MARK is the verb's fingerprint, for a bulk the run's id.

-- What the verb came to when it was applied before; nil when it was not.
local function applied_before(once, mark)
  local kind, name = string.match(once, '^(%a+) (%S+)$')
  if kind == 'bulk' and not redis.call('ZSCORE', KEY.bulk .. name, mark) then return 'done' end
  if kind ~= 'key' then return nil end
  local outcome, of = string.match(redis.call('GET', KEY.verb .. name) or '', '^(%S+) (%S+)$')
  return outcome and (of == mark and outcome or 'reused')
end

local function remember(once, mark, outcome)
  local kind, name = string.match(once, '^(%a+) (%S+)$')
  if kind == 'bulk' then redis.call('ZREM', KEY.bulk .. name, mark) end
  if kind == 'key' then redis.call('SET', KEY.verb .. name, outcome .. ' ' .. mark, 'PX', VERB) end
end

-- Writes into a run's history what was done to it; the oldest of more than fifty goes.
local function note(run, now, verb, by)
  local history = (redis.call('HGET', run, 'history') or '') .. now .. ' ' .. verb .. ' ' .. by .. '\n'
  local _, lines = string.gsub(history, '\n', '')
  if lines > 50 then history = string.gsub(history, '^[^\n]*\n', '', 1) end
  redis.call('HSET', run, 'history', history)
end
