#!lua flags=no-writes
-- Schedules that are due and not paused, earliest first.
-- KEYS[1] prefix  ARGV[3] limit
-- Answers {now, flat (name, row)}. O(log N + n), n ≤ 1,000
--@ unit
local names = call('ZRANGEBYSCORE', P .. 'schd', '-inf', now, 'LIMIT', 0, ARGV[3])
local answer = { now }
for i = 1, #names do
  answer[2 * i], answer[2 * i + 1] = names[i], call('HGET', P .. 'sch', names[i])
end
return answer
