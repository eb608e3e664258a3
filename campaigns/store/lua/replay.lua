-- Lets a callback or message be posted again. ARGV: id of its run, or its own; number of the status ('' for whichever there
-- is), whose it must be ('' anybody's), who, once, mark (prelude).
-- Returns {outcome: due, missing, outdated or reused, 1 when nobody delivers callbacks and nobody was called, 1 when this
-- was done before}.
local id, sequence, whose, by, once, mark = unpack(ARGV)
local kept = posted_of(id)
local callback, posted, caller, kind = unpack(redis.call('HMGET', kept, 'callback', 'posted', 'caller', 'type'))
if not caller or (whose ~= '' and whose ~= caller) then return {'missing', 0, 0} end
local before = applied_before(once, mark)
if before then return {before, 0, 1} end
if not callback then return {'missing', 0, 0} end
if sequence ~= '' and sequence ~= posted then return {'outdated', 0, 0} end
local now = clock()
redis.call('HSET', kept, 'callback', 'due', 'callback_since', now)
redis.call('HDEL', kept, 'callback_tries', 'callback_problem')
redis.call('ZREM', KEY.undelivered .. caller, id)
redis.call('ZADD', KEY.callbacks, now, id)
if not kind then note(kept, now, 'replay', by) end
remember(once, mark, 'due')
return {'due', call_notifier() and 1 or 0, 0}
