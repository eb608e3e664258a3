-- Begins an epoch, or ends it. ARGV: why ('restored', or '' to end it), how long it lasts (ms).
local now = clock()
redis.call('SET', KEY.birth, 'by hand ' .. now, 'NX')
if ARGV[1] == '' then
  redis.call('DEL', KEY.epoch)
else
  redis.call('SET', KEY.epoch, now .. ' ' .. ARGV[1], 'PX', ARGV[2])
end
return now
