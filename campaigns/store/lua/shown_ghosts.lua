-- Gives what people must decide about on a portal. ARGV: portal. Returns {ghost and id, since when, ghost and id, ...}.
return redis.call('ZRANGE', KEY.shown .. ARGV[1], 0, -1, 'WITHSCORES')
