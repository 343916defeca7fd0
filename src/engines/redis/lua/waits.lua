#!lua flags=no-writes
-- How long ready tasks have waited, or how many come before one.
-- KEYS[1] prefix  ARGV[3] 'oldest', ARGV[4] queue; or 'ahead', id, most
-- Answers the earliest due time among the first ready tasks of each priority ('': none), or the place of a ready task
-- among those of its queue (-1: it is not ready). O(n): looks at 1,000 entries, or at `most` stale ones before a task
--@ unit rows gathered task beside lanes
needTask()
local function oldestOf(queue)
  local heads, oldest = {}, nil
  for priority = 10, 0, -1 do
    if call('HEXISTS', P .. 'n1', priority .. FS .. queue) == 1 then
      heads[#heads + 1] = headOf(queue, priority, 1000)
    end
  end
  for i = 1, #heads do
    local h = heads[i]
    h.chunk = floor(BUDGET / #heads)
    local most = looked + h.chunk
    while looked <= most do
      local id = firstOf(h)
      if not id then break end
      local runAt = tonumber(tailOf(partsOf(rows[id]).key).runAt)
      if not oldest or runAt < oldest then oldest = runAt end
      step(h)
      if h.at > #h.ids and looked >= most then break end
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
    local ids = {}
    for i = 1, #entries do ids[i] = idOf(entries[i]) end
    prefetch(ids)
    for i = 1, #ids do
      if isLive(entries[i], ids[i]) then live = live + 1 end
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
  local index = call('LPOS', P .. 'q:' .. lane, t.place == '=' and id or t.place .. FS .. id, 'MAXLEN', most + 1)
  return min(most, index and before + liveBefore(lane, index) or most)
end

if ARGV[3] == 'oldest' then return { oldestOf(ARGV[4]) } end
return { aheadOf(ARGV[4], tonumber(ARGV[5])) }
