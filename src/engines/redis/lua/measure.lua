#!lua flags=no-writes
-- Retention by bytes: what finished tasks weigh in payload and result: all of them, or both ends of their history.
-- KEYS[1] prefix  ARGV[3] up to how many all are measured, ARGV[4] of more than that, how many at each end
-- Answers {number of finished tasks, how many of the oldest were measured, their bytes, then those of the newest}.
-- O(n) for n ≤ 3,000 listed ids at each end. A long body counts whole, with what else is in it: it is not read.
--@ unit rows
local names = call('SMEMBERS', P .. 'keeps')
local SHORT, LOOKED = 4096, 3000
local answer, seen = { 0, 0 }, {}

local function payloadOf(id)
  local length = call('HSTRLEN', P .. 'b', id)
  if length > SHORT then return length end
  local payload = match(call('HGET', P .. 'b', id) or '', '^[^\30]*\30[^\30]*\30[^\30]*\30()')
  return payload and length - payload + 1 or length
end

-- A listed task may be requeued or gone since.
local function measure(id, time, name)
  local text = not seen[id] and row(id)
  if not text then return end
  seen[id] = true
  local code, t = partsOf(text).code, tailOf(partsOf(text).key)
  local keep = code == '3' and t.shape.keep or t.shape.keepDead
  if code < '3' or t.finished ~= time or keep ~= name then return end
  local result = find(t.has, 'x', 1, true) and call('HSTRLEN', P .. 'x', id) or #t.short
  answer[#answer + 1] = payloadOf(id) + result
end

-- Measures up to `wanted` tasks from one end of all lists: `step` 1 from the oldest on, -1 from the newest on.
local function walk(wanted, step)
  local heads, from, last = {}, #answer, #answer + wanted
  local function read(i, index)
    local entry = call('LINDEX', P .. 'f:' .. names[i], index)
    local time, rest = match(entry or '', '^(%d+)\29(.*)$')
    heads[i] = time and { index = index, time = time, at = tonumber(time) * step, ids = rest }
  end
  for i = 1, #names do read(i, step == 1 and 0 or -1) end
  local looked = 0
  while looked < LOOKED and #answer < last do
    local first
    for i = 1, #names do
      if heads[i] and (not first or heads[i].at < heads[first].at) then first = i end
    end
    if not first then break end
    local head, ids = heads[first], {}
    for id in string.gmatch(head.ids, '[^\29]+') do ids[#ids + 1] = id end
    prefetch(ids)
    for i = 1, #ids do
      if #answer < last then measure(ids[step == 1 and i or #ids + 1 - i], head.time, names[first]) end
    end
    looked = looked + #ids
    read(first, head.index + step)
  end
  return #answer - from
end

for code = 3, 5 do
  local kept = call('HVALS', P .. 'n' .. code)
  for i = 1, #kept do answer[1] = answer[1] + kept[i] end
end
local all = answer[1] <= tonumber(ARGV[3])
answer[2] = walk(tonumber(all and ARGV[3] or ARGV[4]), 1)
if not all then walk(tonumber(ARGV[4]), -1) end
return answer
