-- Cancels an open run. ARGV: run id, the version that the process knows, 'leave' or 'undo', who, once, mark (prelude),
-- retention (ms), 1 when it has a callback, its record folded as cancelled ('' when a step is sent or done: then it must
-- go on to its end), and its steps' fields as the process has read them ('' for none).
-- Returns {outcome, 1 when the portal must be called, 1 when nobody delivers callbacks and nobody was called, 1 when this
-- was done before}; outcome: cancelled; cancelling, it goes to the line with this wish; changed, read it again; reused.
local id, version, made, by, once, mark, retention, callback, record = unpack(ARGV)
local before = applied_before(once, mark)
if before then return {before, 0, 0, 1} end
local now, run = clock(), KEY.run .. id
local known, portal, caller, place, lane, order, cancel =
  unpack(redis.call('HMGET', run, 'version', 'portal', 'caller', 'place', 'lane', 'order', 'cancel'))
if known ~= version or place == 'ended' then return {'changed', 0, 0, 0} end

local outcome, callbacks = 'cancelling', 0
if record ~= '' and place ~= 'flight' then  -- in flight, its holder may be about to send
  for i = 10, #ARGV do
    if (redis.call('HGET', run, 's' .. (i - 10)) or '') ~= ARGV[i] then return {'changed', 0, 0, 0} end
  end
  outcome = 'cancelled'
end
if outcome == 'cancelled' or not (cancel == made or cancel == 'undo') then
  note(run, now, made == 'undo' and 'undo' or 'cancel', by)
  redis.call('HSET', run, 'cancel', made, 'version', version + 1)
  for _, stands in ipairs({KEY.line, KEY.waiting}) do redis.call('ZREM', stands .. portal, id) end
  if place == 'held' then unhold(id, portal) end
  leave_cap(id, portal, now)  -- also of one whose time has come, and that nobody has claimed yet
  redis.call('HDEL', run, 'until')
  over_no_more(id, portal, caller)
  if outcome == 'cancelled' then
    if fold(id, 'cancelled', callback, record, retention, now) and call_notifier() then callbacks = 1 end
  elseif place == 'flight' then
    redis.call('HSET', run, 'recalled', 1)  -- SEND tells its holder; whatever it is saved as, it goes to the line then
  else
    if place == 'lane' then redis.call('ZREM', KEY.lane .. lane, order .. ' ' .. id) end
    to_line(id)
  end
end
remember(once, mark, outcome)
wake(portal)
return {outcome, set_due(portal, now) and 1 or 0, callbacks, 0}
