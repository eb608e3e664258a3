-- Gives a bulk back: its turn comes again at once, or it is done. ARGV: bulk id, and the runs that had their turn: the verb
-- was applied to them, or does not fit them any more. Returns how many are left.
local id = ARGV[1]
for i = 2, #ARGV do redis.call('ZREM', KEY.bulk .. id, ARGV[i]) end
local left = redis.call('ZCARD', KEY.bulk .. id)
if left > 0 then
  redis.call('ZADD', KEY.bulks, clock(), id)
else
  redis.call('ZREM', KEY.bulks, id)
  redis.call('PEXPIRE', KEY.verb .. id, VERB)  -- for whoever looks how it went
end
return left
