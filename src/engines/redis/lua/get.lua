#!lua flags=no-writes
-- Records by id.
-- KEYS[1] prefix  ARGV[3…] ids
-- Answers records, see beside.lua. O(n) for n ≤ 1,000 ids
--@ unit beside
local ids = {}
for i = 3, #ARGV do ids[i - 2] = ARGV[i] end
return recordsOf(ids)
