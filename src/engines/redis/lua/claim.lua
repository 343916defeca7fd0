#!lua flags=allow-oom
-- claim: promotes what is due, then takes by priority and place.
-- KEYS[1] prefix  ARGV[3] number of requests, then for each: session, claim id, limit, number of queues (-1: all), queues
-- Answers for each request: {live, more, wait ('': none), again, replayed, records (see beside.lua)}
-- `again`: it stopped at what one unit looks at or answers before it took anything.
-- O(n log N), n ≤ 1,000 looked at or taken in all, and promoted
--@ unit only-task rows gathered task beside lanes
local answers, at = {}, 4
for i = 1, tonumber(ARGV[3]) do
  local session, claimId, limit, n = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local asked = n >= 0 and {} or nil
  for j = 1, n do asked[j] = ARGV[at + 3 + j] end
  at = at + 4 + (n > 0 and n or 0)
  if call('ZSCORE', P .. 'live', session) then
    answers[i] = claimOne(session, claimId, limit, asked)
  else
    answers[i] = { 0 }
  end
end
flush()
return answers
