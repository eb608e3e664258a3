-- Opens an ended run again. ARGV: run id, the version that the process knows, 'retry' or 'undo', who, once, mark (prelude),
-- plan, priority (0 first), order so far, lane, cap (all as ACCEPT takes them), and its steps' fields and values.
-- Returns as CANCEL; outcome: reopened; changed, read it again; gone, the run is being forgotten; reused.
local id, version, verb, by, once, mark, plan, band, order, lane, cap = unpack(ARGV)
local before = applied_before(once, mark)
if before then return {before, 0, 0, 1} end
local now, run = clock(), KEY.run .. id
local known, place, portal, caller, key, accepted, first, posted, history =
  unpack(redis.call('HMGET', run, 'version', 'place', 'portal', 'caller', 'key', 'accepted', 'first', 'posted', 'history'))
if known ~= version or place ~= 'ended' then return {'changed', 0, 0, 0} end
if redis.call('EXISTS', KEY.key .. key) == 0 then return {'gone', 0, 0, 0} end

if string.sub(order, -1) == '.' then order = order .. string.format('%014d', accepted) end
order = order .. string.format('.%016d', redis.call('ZSCORE', KEY.index .. caller, id))
redis.call('ZREM', KEY.ended, id)
redis.call('ZREM', KEY.callbacks, id)  -- what it had to post is outdated
redis.call('ZREM', KEY.undelivered .. caller, id)
redis.call('DEL', run)
redis.call('HSET', run, 'plan', plan, 'caller', caller, 'portal', portal, 'band', band, 'order', order, 'lane', lane,
  'key', key, 'accepted', accepted, 'first', first, 'version', version + 1, 'reported', posted or 0)
if history then redis.call('HSET', run, 'history', history) end
if cap ~= '' and verb ~= 'undo' then redis.call('HSET', run, 'cap', cap) end
if verb == 'undo' then redis.call('HSET', run, 'cancel', 'undo') end
for i = 12, #ARGV, 2 do redis.call('HSET', run, ARGV[i], ARGV[i + 1]) end
note(run, now, verb, by)
count_open(portal, caller, 1)
enter(id)
remember(once, mark, 'reopened')
wake(portal)
tell_delayed(portal, now)
return {'reopened', set_due(portal, now) and 1 or 0, 0, 0}
