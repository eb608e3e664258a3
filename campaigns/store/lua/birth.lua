-- A process has come up, or taken a portal. A Redis without a birth record is new, or has lost everything; one that goes
-- on with another history than its record names may lack what was confirmed last, if that was a replica's: in either case
-- an epoch begins. ARGV: installation, how long an epoch lasts (ms), 1 when the settings speak of replicas.
-- Returns 1 when an epoch has begun.
local installation, lasts, replicas = unpack(ARGV)
local now = clock()
local id, replicated = history()
local born, known = string.match(redis.call('GET', KEY.birth) or '', '^(.- %d+) ?(%x*)$')
if known == id then return 0 end
redis.call('SET', KEY.birth, (born or installation .. ' ' .. now) .. ' ' .. id)
if born and (known == '' or not (replicated or replicas == '1')) then return 0 end
redis.call('SET', KEY.epoch, now .. (born and ' failover' or ' birth'), 'PX', lasts)
return 1
