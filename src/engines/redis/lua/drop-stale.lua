#!lua flags=allow-oom
-- Goes on dropping stale entries where act has left some.
-- KEYS[1] prefix  ARGV[3…] lanes (priority FS queue)
-- Answers the lanes in which more should go. O(n log N), n ≤ 1,000 entries
--@ unit rows gathered task beside lanes compact
local lanes = {}
for i = 3, #ARGV do lanes[ARGV[i]] = BUDGET end
return compact(lanes)
