-- What is kept for a grant. ARGV: grant.
-- Returns {access token, how long it may be used (ms), refresh token}; "" where there is none.
local access, refresh = KEY.access .. ARGV[1], KEY.refresh .. ARGV[1]
return {redis.call('GET', access) or '', redis.call('PTTL', access), redis.call('GET', refresh) or ''}
