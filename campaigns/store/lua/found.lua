-- Gives the campaign that the walk of the epoch found for a run. ARGV: portal, run id.
return redis.call('HGET', KEY.found .. ARGV[1], ARGV[2])
