-- Keeps what a refresh brought. ARGV: grant, holder, access token, how long it may be used (ms), refresh token to be
-- kept ('': none but what is kept). Whoever has overslept his turn keeps nothing if somebody else has the next one.
local grant, holder, token, lasts, refresh = unpack(ARGV)
local other = redis.call('GET', KEY.refreshing .. grant)
if other and other ~= holder then return end
redis.call('SET', KEY.access .. grant, token, 'PX', lasts)
if refresh ~= '' then redis.call('SET', KEY.refresh .. grant, refresh) end
redis.call('PEXPIRE', KEY.refresh .. grant, REFRESH)
