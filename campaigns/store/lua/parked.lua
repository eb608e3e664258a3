-- Gives what is known of a portal's trouble. ARGV: portal.
return redis.call('HGETALL', KEY.park .. ARGV[1])
