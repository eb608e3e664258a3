-- Lists a caller's callbacks and messages. ARGV: 'due' or 'parked', caller, from which rank on, how many are looked at,
-- how many are told. Returns {rank of the next (-1: none), id, when it is posted next or was parked, number of the status,
-- its type, how often it was posted, what went wrong, id, ...}.
local state, caller, from, most, limit = unpack(ARGV)
local set = state == 'due' and KEY.callbacks or KEY.undelivered .. caller
local answer, rank = {-1}, tonumber(from)
local rows = redis.call('ZRANGE', set, from, from + most - 1, 'WITHSCORES')
for i = 1, #rows, 2 do
  if #answer > limit * 6 then break end
  rank = rank + 1
  local whose, is, posted, type, ending, tries, problem = unpack(redis.call('HMGET', posted_of(rows[i]), 'caller',
    'callback', 'posted', 'type', 'ending', 'callback_tries', 'callback_problem'))
  if whose == caller and is == state then
    for _, part in ipairs({rows[i], rows[i + 1], posted, type or 'run.' .. (ending or ''), tries or '0', problem or ''}) do
      table.insert(answer, part)
    end
  end
end
if rank < redis.call('ZCARD', set) then answer[1] = rank end
return answer
