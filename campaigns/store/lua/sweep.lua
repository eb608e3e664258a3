-- Finds what is due and served by nobody. ARGV: how many portals at most.
-- Returns {1 when callbacks are due and nobody was called, portal, portal, ...}: each gets its RQ job.
local now = clock()
local answer = {0}
local first = first_score(KEY.callbacks)
if first and first <= now and call_notifier() then answer[1] = 1 end
local due = redis.call('ZRANGE', KEY.due, '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1], 'WITHSCORES')
for i = 1, #due, 2 do
  local portal, since = due[i], due[i + 1]
  redis.call('SET', KEY.call .. portal, '', 'PX', CALL)
  redis.call('ZADD', KEY.due, now + CALL, portal)
  local at = next_work(portal, now)  -- whose holder has died may have nothing to do
  if at and at <= now then redis.call('ZADD', KEY.late, 'NX', since, portal) end
  table.insert(answer, portal)
end
return answer
