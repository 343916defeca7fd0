#!lua flags=no-writes
-- Journal: entries of a stream below a number, newest first.
-- KEYS[1] prefix  ARGV[3] stream, ARGV[4] '' or '=' and the key, ARGV[5] below which number ('': the newest), ARGV[6] n
-- Answers flat (number, key, at, body) of at most n. O(log N + n), n ≤ 250
--@ unit
local key, answer = P .. 'j:' .. ARGV[3], {}
local function add(entry)
  local n = #answer
  answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] =
    match(entry[1], '%d+$'), entry[2][2], entry[2][4], entry[2][6]
end
if ARGV[4] == '' then
  local entries = call('XREVRANGE', key, ARGV[5] == '' and '+' or '(0-' .. ARGV[5], '-', 'COUNT', ARGV[6])
  for i = 1, #entries do add(entries[i]) end
else
  local numbers = call('ZREVRANGEBYSCORE', P .. 'jk:' .. ARGV[3] .. FS .. string.sub(ARGV[4], 2),
    ARGV[5] == '' and '+inf' or '(' .. ARGV[5], '-inf', 'LIMIT', 0, ARGV[6])
  for i = 1, #numbers do
    local found = call('XRANGE', key, '0-' .. numbers[i], '0-' .. numbers[i])
    if found[1] then add(found[1]) end
  end
end
return answer
