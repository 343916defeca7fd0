#!lua flags=no-writes
-- Records by id.
-- KEYS[1] prefix  ARGV[3…] ids
-- Answers flat (id, row or '', body, beside). O(n) for n ≤ 1,000 ids
--@ unit beside
local ids, answer = {}, {}
for i = 3, #ARGV do ids[i - 2] = ARGV[i] end
appendRecords(answer, ids)
return answer
