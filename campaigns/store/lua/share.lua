-- How many portals are one process's share: those that somebody must be on now, by the processes that live, rounded up.
local portals = redis.call('ZCOUNT', KEY.due, '-inf', clock() + LEASE)
local processes = redis.call('PUBSUB', 'NUMSUB', KEY.wake .. '@campaigns')[2]
return math.ceil(portals / math.max(processes, 1))
