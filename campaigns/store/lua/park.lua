-- Parks a portal, and tells the callers that wait for it. ARGV: portal, lease, why, for how long (ms), what its last call
-- ended in. Returns now, or false when the lease is lost.
local portal, lease, why, span, problem = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
local park, told = KEY.park .. portal, KEY.told .. portal
local calm, since = unpack(redis.call('HMGET', park, 'calm', 'since'))
if calm and now < tonumber(calm) then  -- it was not well for long: the same trouble, and nobody has heard of its end
  for _, caller in ipairs(redis.call('SMEMBERS', told)) do
    local id = message_id(portal, caller, since, 'recovered')
    redis.call('DEL', KEY.message .. id)
    redis.call('ZREM', KEY.callbacks, id)
  end
elseif calm then
  redis.call('HDEL', park, 'since')
end
if redis.call('HSETNX', park, 'since', now) == 1 then redis.call('DEL', told) end
redis.call('HDEL', park, 'calm')
redis.call('HSET', park, 'until', now + span, 'pause', span, 'why', why, 'problem', problem)
redis.call('PERSIST', park)
redis.call('PERSIST', told)
tell_delayed(portal, now)
set_due(portal, now)
return now
