-- Binds a campaign to a subject: what was known of another campaign of it is forgotten. ARGV: lane, campaign, who.
-- Returns bound; same, it was bound or made before; busy, runs of the subject are under way and may make another.
local lane, campaign, by = unpack(ARGV)
local subject = KEY.subject .. lane
local outcome = 'same'
if redis.call('HGET', subject, 'campaign') ~= campaign then
  if redis.call('EXISTS', KEY.lane .. lane) == 1 then return 'busy' end
  redis.call('DEL', subject)
  redis.call('HSET', subject, 'campaign', campaign, 'bound', clock() .. ' ' .. by)
  outcome = 'bound'
end
redis.call('PEXPIRE', subject, SUBJECT)
return outcome
