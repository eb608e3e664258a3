-- Takes a bulk whose turn has come. ARGV: how many of its runs, how long until a dead process's comes back (ms).
-- Returns {} when there is none, else {bulk id, what is told of it, run id, ...}.
local most, back = unpack(ARGV)
local now = clock()
local id = redis.call('ZRANGE', KEY.bulks, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)[1]
if not id then return {} end
redis.call('ZADD', KEY.bulks, now + back, id)
local runs = redis.call('ZRANGE', KEY.bulk .. id, 0, most - 1)
return {id, redis.call('GET', KEY.verb .. id) or '', unpack(runs)}
