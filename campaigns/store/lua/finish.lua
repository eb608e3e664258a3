-- Ends runs. ARGV: portal, lease, retention (ms), and for each run: run id, the version that the process knows, how it
-- ended, 1 when it has a callback, the whole record, folded, and what is kept of its subject since its last step (prelude).
-- Returns {1 when nobody delivers callbacks and nobody was called, now when there is work in the line (the next of a lane
-- may be), else -1, 1 or 0 for each run}: 0 when its version is another one, or it is not in flight (a replica that took
-- over may not have heard that it was claimed). false when the lease is lost.
local portal, lease, retention = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
local answer, callbacks = {0, -1}, false
for i = 4, #ARGV, 7 do
  local id, version, ending, callback, record, campaign, kept = unpack(ARGV, i, i + 6)
  local known, place = unpack(redis.call('HMGET', KEY.run .. id, 'version', 'place'))
  if known ~= version or place ~= 'flight' then
    table.insert(answer, 0)
  else
    redis.call('ZREM', KEY.flight .. portal, id)
    keep_subject(KEY.run .. id, campaign, kept)
    callbacks = fold(id, ending, callback, record, retention, now) or callbacks
    table.insert(answer, 1)
  end
end
if callbacks and call_notifier() then answer[1] = 1 end
if redis.call('EXISTS', KEY.line .. portal) == 1 then answer[2] = now end
set_due(portal, now)
return answer
