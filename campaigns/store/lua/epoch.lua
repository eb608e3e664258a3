-- Tells whether an epoch is in force. ARGV: portal. Returns {when it began, why, 1 when the portal has been walked}, or
-- {0, '', 0}.
local began, why = string.match(redis.call('GET', KEY.epoch) or '', '^(%d+) (%S+)$')
if not began then return {0, '', 0} end
local walked = redis.call('HGET', KEY.found .. ARGV[1], 'walked')
return {tonumber(began), why, walked == began and 1 or 0}
