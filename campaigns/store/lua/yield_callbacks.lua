-- Who delivered callbacks goes. Returns 1 when some are due now and nobody was called.
local now = clock()
redis.call('DEL', KEY.notifier)
local first = first_score(KEY.callbacks)
return (first and first <= now and call_notifier()) and 1 or 0
