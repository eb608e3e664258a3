-- Renews all leases of a process. ARGV: portal, lease, portal, lease, ...
-- Returns for each: 0 when the lease is lost, 1 when it is renewed, 2 when there is also work in the line, or the portal
-- is paused: claim, to learn it.
local now = clock()
local answer = {now}
for i = 1, #ARGV, 2 do
  local portal, lease = ARGV[i], ARGV[i + 1]
  local state = 0
  if redis.call('GET', KEY.lease .. portal) == lease then
    redis.call('PEXPIRE', KEY.lease .. portal, LEASE)
    set_due(portal, now)
    local work = next_work(portal, now)
    local paused = redis.call('HEXISTS', KEY.park .. portal, 'paused') == 1
    state = ((work and work <= now) or paused) and 2 or 1
  end
  table.insert(answer, state)
end
return answer
