#!lua flags=allow-oom
-- sweep, third part: drops finished tasks past their retention or over the count, and what is old of the rest.
-- KEYS[1] prefix  ARGV[3] most, ARGV[4] finished tasks kept, ARGV[5] changes kept, ARGV[6] 1: also the rest
-- Answers {number purged, 1 if there may be more}. O(n log N), n ≤ most ≤ 250
--@ unit rows gathered session-rows task
needTask()
local most, purged = tonumber(ARGV[3]), 0
local names = call('SMEMBERS', P .. 'keeps')

-- When the oldest tasks of a retention ended, and the whole entry; nil: there are none.
local function oldest(name)
  local entry = call('LINDEX', P .. 'f:' .. name, 0)
  if not entry then return nil end
  return tonumber(match(entry, '^%d+')), entry
end

-- Takes away up to `n` of the oldest of a retention. An entry may name tasks that were requeued or deleted since.
local function buryOldest(name, entry, n)
  local time, rest = match(entry, '^(%d+)\29(.*)$')
  local ids, left = {}, {}
  for id in string.gmatch(rest, '[^\29]+') do
    if #ids < n then ids[#ids + 1] = id else left[#left + 1] = id end
  end
  prefetch(ids)
  for i = 1, #ids do
    local t = load(ids[i])
    if t and t.code > '2' and t.finished == time and keepOf(t) == name then
      bury(t)
      purged = purged + 1
    end
  end
  if #left > 0 then call('LSET', P .. 'f:' .. name, 0, time .. IS .. concat(left, IS)) else call('LPOP', P .. 'f:' .. name) end
  most = most - #ids
end

for i = 1, #names do
  local name = names[i]
  local time, entry = oldest(name)
  if not time then call('SREM', P .. 'keeps', name) end
  while time and most > 0 and time + name <= NOW do
    buryOldest(name, entry, most)
    time, entry = oldest(name)
  end
end
settleStore()

-- How many are kept beyond the number that may be.
local over = -tonumber(ARGV[4])
for code = 3, 5 do
  local kept = call('HVALS', P .. 'n' .. code)
  for i = 1, #kept do over = over + kept[i] end
end
while over > 0 and most > 0 do
  local first, firstName, firstEntry
  for i = 1, #names do
    local time, entry = oldest(names[i])
    if time and (not first or time < first) then first, firstName, firstEntry = time, names[i], entry end
  end
  if not first then break end
  local before = purged
  buryOldest(firstName, firstEntry, min(over, most))
  over = over - (purged - before)
end
local more = most <= 0 and 1 or 0

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
