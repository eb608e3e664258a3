-- Gives the turn to refresh a grant's token back, if it is still ours. ARGV: grant, holder.
local turn, holder = KEY.refreshing .. ARGV[1], ARGV[2]
if redis.call('GET', turn) == holder then redis.call('DEL', turn) end
