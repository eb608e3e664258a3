-- A process has come up. A Redis without a birth record is new, or has lost everything: in either case an epoch begins.
-- ARGV: installation, how long an epoch lasts (ms). Returns 1 when an epoch has begun.
local now = clock()
if not redis.call('SET', KEY.birth, ARGV[1] .. ' ' .. now, 'NX') then return 0 end
redis.call('SET', KEY.epoch, now .. ' birth', 'PX', ARGV[2])
return 1
