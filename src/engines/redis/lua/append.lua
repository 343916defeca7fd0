#!lua
-- Journal: append.
-- KEYS[1] prefix  ARGV[3…] for each: stream, key, at, body
-- Answers how many. O(log N) each
--@ unit entries
for at = 3, #ARGV, 4 do appendEntry(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) end
return (#ARGV - 2) / 4
