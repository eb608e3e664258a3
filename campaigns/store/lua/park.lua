-- Parks a portal, and tells the callers that wait for it. ARGV: portal, lease, why, for how long (ms), what its last call
-- ended in. Returns now, or false when the lease is lost.
local portal, lease, why, span, problem = unpack(ARGV)
if redis.call('GET', KEY.lease .. portal) ~= lease then return false end
local now = clock()
local park, told = KEY.park .. portal, KEY.told .. portal
local calm, since = unpack(redis.call('HMGET', park, 'calm', 'since'))
if calm and now < tonumber(calm) then  -- it was not well for long: the same trouble, and nobody has heard of its end
  for _, caller in ipairs(redis.call('HKEYS', told)) do
    local id = message_id(portal, caller, since, 'recovered')
    if redis.call('ZREM', KEY.callbacks, id) == 1 then
      redis.call('DEL', KEY.message .. id)
      redis.call('HSET', told, caller, message_id(portal, caller, since, 'delayed'))
    end
  end
elseif calm then
  redis.call('HDEL', park, 'since')
end
redis.call('HDEL', park, 'calm')
redis.call('HSETNX', park, 'since', now)
redis.call('HSET', park, 'until', now + span, 'pause', span, 'why', why, 'problem', problem)
tell_delayed(portal, now)
redis.call('PERSIST', park)
redis.call('PERSIST', told)
set_due(portal, now)
return now
