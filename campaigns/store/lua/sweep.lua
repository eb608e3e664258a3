-- Finds what is due and served by nobody. ARGV: how many portals at most.
-- Returns {1 when callbacks are due and nobody was called, portal, portal, ...}: each gets its RQ job.
local now = clock()
local answer = {0}
local first = first_score(KEY.callbacks)
if first and first <= now and call_notifier() then answer[1] = 1 end
for _, portal in ipairs(redis.call('ZRANGE', KEY.due, '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])) do
  redis.call('SET', KEY.call .. portal, '', 'PX', CALL)
  redis.call('ZADD', KEY.due, now + CALL, portal)
  table.insert(answer, portal)
end
return answer
