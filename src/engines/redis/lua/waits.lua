#!lua flags=no-writes
-- How long ready tasks have waited, and how many come before some.
-- KEYS[1] prefix  ARGV[3] 'oldest', queues…, or 'ahead', most, ids…
-- Answers for each: the earliest due time of a ready task among the first 1,000 of each priority, or ''; the place of a
-- ready task among those of its queue, or -1. O(n): looks at 1,000 entries of a lane, or at `most` before a task
--@ unit task beside lanes
local answers = {}

local function oldestOf(queue)
  local oldest
  for priority = 10, 0, -1 do
    local h = headOf(queue, priority, 1000)
    looked = 0
    if call('HEXISTS', P .. 'n1', h.lane) == 1 then
      while true do
        local id, _, _, at = firstOf(h)
        if not id then break end
        local runAt = tonumber(tailOf(string.sub(rows[id], at)).runAt)
        if not oldest or runAt < oldest then oldest = runAt end
        step(h)
      end
    end
  end
  return oldest and int(oldest) or ''
end

-- Live entries of a list before an index.
local function liveBefore(lane, index)
  if not call('HGET', P .. 'st', lane) then return index end
  local live = 0
  for from = 0, index - 1, 1000 do
    local entries = call('LRANGE', P .. 'q:' .. lane, from, min(from + 999, index - 1))
    local ids, places = {}, {}
    for i = 1, #entries do places[i], ids[i] = match(entries[i], '^(%d+)\31(.*)$') end
    prefetch(ids)
    for i = 1, #ids do
      local text = rows[ids[i]]
      if text and find(text, '1' .. FS .. places[i] .. FS, 1, true) == 1 then live = live + 1 end
    end
  end
  return live
end

local function aheadOf(id, most)
  local t = load(id)
  if not t or t.code ~= '1' then return -1 end
  local before = 0
  for priority = 10, tonumber(t.priority) + 1, -1 do
    before = before + (tonumber(call('HGET', P .. 'n1', priority .. FS .. t.shape.queue)) or 0)
  end
  local lane = laneOf(t)
  local rankInBack = call('ZRANK', P .. 'z:' .. lane, id)
  if rankInBack then return min(most, before + rankInBack) end
  before = before + call('ZCARD', P .. 'z:' .. lane)
  if before >= most then return most end
  local index = call('LPOS', P .. 'q:' .. lane, t.place .. FS .. id, 'MAXLEN', most + 1)
  return min(most, index and before + liveBefore(lane, index) or most)
end

if ARGV[3] == 'oldest' then
  for i = 4, #ARGV do answers[i - 3] = oldestOf(ARGV[i]) end
else
  for i = 5, #ARGV do answers[i - 4] = aheadOf(ARGV[i], tonumber(ARGV[4])) end
end
return answers
