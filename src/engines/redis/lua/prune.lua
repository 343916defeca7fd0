#!lua flags=allow-oom
-- Journal: drops entries of a stream that are older than a time, oldest first.
-- KEYS[1] prefix  ARGV[3] stream, ARGV[4] before, ARGV[5] most (≤ 1,000)
-- Answers how many. O(n log N)
--@ unit
local stream = ARGV[3]
local numbers = call('ZRANGEBYSCORE', P .. 'ja:' .. stream, '-inf', '(' .. ARGV[4], 'LIMIT', 0, ARGV[5])
for i = 1, #numbers do
  local id = '0-' .. numbers[i]
  local found = call('XRANGE', P .. 'j:' .. stream, id, id)
  if found[1] then call('ZREM', P .. 'jk:' .. stream .. FS .. found[1][2][2], numbers[i]) end
  call('XDEL', P .. 'j:' .. stream, id)
  call('ZREM', P .. 'ja:' .. stream, numbers[i])
end
return #numbers
