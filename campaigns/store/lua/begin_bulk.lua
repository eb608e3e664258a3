-- Lays down the runs of a bulk, and begins it with the last of them. ARGV: bulk id, once, mark (prelude), what is to be
-- told of it ('' while more runs follow), how many came before these, run id, ...
-- Returns {outcome, 1 when this was done before}; outcome: laid; begun is the bulk's id; reused. A bulk that is not begun
-- in ten minutes is forgotten.
local id, once, mark, told, before_these = unpack(ARGV)
local before = applied_before(once, mark)
if before then
  if before ~= id then redis.call('DEL', KEY.bulk .. id) end
  return {before, 1}
end
for i = 6, #ARGV do redis.call('ZADD', KEY.bulk .. id, before_these + i, ARGV[i]) end
if told == '' then
  redis.call('PEXPIRE', KEY.bulk .. id, 600000)
  return {'laid', 0}
end
local now = clock()
redis.call('PERSIST', KEY.bulk .. id)
redis.call('SET', KEY.verb .. id, now .. ' ' .. told)
redis.call('ZADD', KEY.bulks, now, id)
remember(once, mark, id)
return {id, 0}
