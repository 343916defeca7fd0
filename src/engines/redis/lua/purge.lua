#!lua flags=allow-oom
-- sweep, third part: drops finished tasks past their retention or over the count, and what is old of the rest.
-- KEYS[1] prefix  ARGV[3] most, ARGV[4] finished tasks kept, ARGV[5] changes kept, ARGV[6] 1: also the rest
-- Answers {number purged, 1 if there may be more}. O(n log N), n ≤ most ≤ 250
--@ unit session-rows task
local most, purged, more = tonumber(ARGV[3]), 0, 0

local function buryAll(ids)
  prefetch(ids)
  for i = 1, #ids do
    local t = load(ids[i])
    if t then bury(t) end
  end
  settleStore()
  purged = purged + #ids
end

local names = call('SMEMBERS', P .. 'keeps')
table.sort(names)
for i = 1, #names do
  local before = int(NOW - names[i])
  if purged < most then
    local ids = call('ZRANGEBYSCORE', P .. 'f:' .. names[i], '-inf', before, 'LIMIT', 0, most - purged)
    if #ids > 0 then buryAll(ids) end
  end
end

-- The oldest of all retentions, as many as are over the count.
local kept = 0
for i = 1, #names do
  local n = call('ZCARD', P .. 'f:' .. names[i])
  if n == 0 then call('SREM', P .. 'keeps', names[i]) end
  kept = kept + n
end
local over = min(most - purged, kept - tonumber(ARGV[4]))
if over > 0 then
  local oldest = {}
  for i = 1, #names do
    local got = call('ZRANGE', P .. 'f:' .. names[i], 0, over - 1, 'WITHSCORES')
    for j = 1, #got, 2 do oldest[#oldest + 1] = { got[j], tonumber(got[j + 1]) } end
  end
  table.sort(oldest, function(a, b)
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[1] < b[1]
  end)
  local ids = {}
  for i = 1, over do ids[i] = oldest[i][1] end
  buryAll(ids)
end
if purged >= most then more = 1 end

if ARGV[6] == '1' then
  local stones = call('ZRANGEBYSCORE', P .. 'tz', '-inf', now, 'LIMIT', 0, 1000)
  if #stones > 0 then
    many('HDEL', P .. 't', stones)
    many('ZREM', P .. 'tz', stones)
  end
  local dead = call('ZRANGEBYSCORE', P .. 'dead', '-inf', '(' .. int(NOW - 3600000), 'LIMIT', 0, 250)
  for i = 1, #dead do
    if call('EXISTS', P .. 'r:' .. dead[i]) == 0 then
      call('HDEL', P .. 'ss', dead[i])
      call('HDEL', P .. 'si', dead[i])
      call('DEL', P .. 'k:' .. dead[i])
      call('ZREM', P .. 'dead', dead[i])
    end
  end
  local names = call('ZRANGEBYSCORE', P .. 'wz', '-inf', int(NOW - 34560000000), 'LIMIT', 0, 250)
  if #names > 0 then
    many('HDEL', P .. 'w', names)
    many('ZREM', P .. 'wz', names)
  end
  local indexes = call('SRANDMEMBER', P .. 'runs', 50)
  for i = 1, #indexes do
    if call('EXISTS', P .. 'i:' .. indexes[i]) == 0 then call('SREM', P .. 'runs', indexes[i]) end
  end
end
flush()

-- Entries hold many changes: only whole ones that are over go.
local newest = tonumber(call('HGET', P .. 'm', 'change')) or 0
local bound = newest - tonumber(ARGV[5])
if bound > 0 then
  local last = call('XREVRANGE', P .. 'c', int(bound + 1), '-', 'COUNT', 1)
  if last[1] then call('XTRIM', P .. 'c', 'MINID', last[1][1]) end
end
return { purged, more }
