-- Saves what the walk of an epoch has found. ARGV: portal, when the epoch began, how long that is kept (ms), 1 when the
-- walk is complete, and for each run: run id, campaign.
local found = KEY.found .. ARGV[1]
if redis.call('HGET', found, 'epoch') ~= ARGV[2] then
  redis.call('DEL', found)
  redis.call('HSET', found, 'epoch', ARGV[2])
  redis.call('PEXPIRE', found, ARGV[3])
end
for i = 5, #ARGV, 2 do redis.call('HSET', found, ARGV[i], ARGV[i + 1]) end
if ARGV[4] == '1' then redis.call('HSET', found, 'walked', ARGV[2]) end
return 1
