-- Takes the turn to refresh a grant's token. ARGV: grant, holder.
-- Returns 1 when the turn is ours, 0 while it is somebody else's. Asked again, for a lost answer, it is still ours.
local turn, holder = KEY.refreshing .. ARGV[1], ARGV[2]
if redis.call('SET', turn, holder, 'NX', 'PX', REFRESHING) then return 1 end
return redis.call('GET', turn) == holder and 1 or 0
