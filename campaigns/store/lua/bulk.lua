-- Tells of a bulk. ARGV: its id. Returns {what is told of it, how many runs are left}, or false when there is none.
local told = redis.call('GET', KEY.verb .. ARGV[1])
return told and {told, redis.call('ZCARD', KEY.bulk .. ARGV[1])}
