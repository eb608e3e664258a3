-- Callbacks will be due in a moment. Returns 1 when nobody delivers them and nobody was called: enqueue the notify job.
if redis.call('EXISTS', KEY.notifier) == 1 then return 0 end
return redis.call('SET', KEY.call .. '@callbacks', '', 'NX', 'PX', CALL) and 1 or 0
