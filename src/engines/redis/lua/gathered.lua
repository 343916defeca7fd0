-- What a unit changes beside rows: indexes, counts, the changes feed, hints.
-- Promises that writes are gathered and made by a few commands with many members, and that a script that was refused
-- before `flush` has written nothing of what is gathered.

local pending, pushes, counts, hints = {}, {}, {}, {}
local runs, told = {}, 0
local entries, ended, unlisted = {}, {}, {}

-- Sorted sets: the last word on a member counts. `score` false takes it out.
local function rank(key, member, score)
  local members = pending[key]
  if not members then
    members = {}
    pending[key] = members
  end
  members[member] = score
end

local function push(key, entry)
  local list = pushes[key]
  if list then list[#list + 1] = entry else pushes[key] = { entry } end
end

-- Ready tasks are counted by priority and queue, the others by queue.
local function count(code, field, by)
  local fields = counts[code]
  if not fields then
    fields = {}
    counts[code] = fields
  end
  fields[field] = (fields[field] or 0) + by
end

local function hint(kind, queue)
  if not (quiet and kind == 'change') then hints[kind .. FS .. queue] = true end
end

-- This unit's entry in the index of creation of a lane (queue and type): its number, which is that of a place that this
-- unit has drawn, and the ids.
local function entryOf(shape, place)
  local entry = entries[shape.lane]
  if not entry then
    entry = { string.format('%016d', place or call('HINCRBY', P .. 'm', 'place', 1)) }
    entries[shape.lane] = entry
  end
  return entry
end

-- A task that goes away leaves its entry.
local function leaveIndex(shape, id, created, number)
  local key = P .. 'i:h' .. FS .. shape.lane
  local name = key .. LS .. created .. LS .. number
  local gone = unlisted[name]
  if not gone then
    gone = { key = key, created = created, number = number, ids = {} }
    unlisted[name] = gone
  end
  gone.ids[id] = true
end

-- Finished tasks wait for the end of their retention in a list for each length of it, one entry for each unit.
local function retainAll(keep, ids)
  local entry = ended[keep] or { now }
  local n = #entry
  for i = 1, #ids do entry[n + i] = ids[i] end
  ended[keep] = entry
end

-- One entry of the changes feed holds all changes of a unit: consecutive ones that are alike share a run.
local function tell(id, shape, code, attempt)
  told = told + 1
  local last = runs[#runs]
  if last and last.shape == shape and last.code == code and last.attempt == attempt then
    last[#last + 1] = id
  else
    runs[#runs + 1] = { id, shape = shape, code = code, attempt = attempt }
  end
end

local function flushRanks()
  for key, members in pairs(pending) do
    local add, rem = {}, {}
    for member, score in pairs(members) do
      if score then
        add[#add + 1] = score
        add[#add + 1] = member
      else
        rem[#rem + 1] = member
      end
    end
    if #rem > 0 then many('ZREM', key, rem) end
    if #add > 0 then many('ZADD', key, add) end
  end
  pending = {}
end

local function flushIndex()
  for lane, entry in pairs(entries) do
    call('ZADD', P .. 'i:h' .. FS .. lane, now, concat(entry, IS))
    call('SADD', P .. 'runs', 'h' .. FS .. lane)
  end
  entries = {}
  for _, gone in pairs(unlisted) do
    local found = call('ZRANGEBYSCORE', gone.key, gone.created, gone.created)
    for i = 1, #found do
      if find(found[i], gone.number, 1, true) == 1 then
        local left = {}
        for id in string.gmatch(sub(found[i], 18), '[^\29]+') do
          if not gone.ids[id] then left[#left + 1] = id end
        end
        call('ZREM', gone.key, found[i])
        if #left > 0 then call('ZADD', gone.key, gone.created, gone.number .. IS .. concat(left, IS)) end
      end
    end
  end
  unlisted = {}
  for keep, entry in pairs(ended) do
    call('RPUSH', P .. 'f:' .. keep, concat(entry, IS))
    call('SADD', P .. 'keeps', keep)
  end
  ended = {}
end

local function flushCounts()
  for code, fields in pairs(counts) do
    local key = P .. 'n' .. code
    for field, by in pairs(fields) do
      if by ~= 0 then
        local total = call('HINCRBY', key, field, by)
        if total <= 0 then call('HDEL', key, field) end
        -- Who found a queue empty sleeps: the first one that comes wakes.
        if code == '1' and by > 0 and total == by then hint('work', match(field, '\31(.*)$')) end
      end
    end
  end
  counts = {}
end

local function flushFeed()
  if told == 0 then return end
  local first = call('HINCRBY', P .. 'm', 'change', told) - told + 1
  for from = 1, #runs, 1000 do
    local parts, n, has = { int(first) .. '-0', 0, now }, 3, 0
    for i = from, min(from + 999, #runs) do
      local run = runs[i]
      parts[n + 1] = run.shape.type .. FS .. run.shape.queue .. FS .. run.code .. FS .. run.attempt
      parts[n + 2] = concat(run, IS)
      n, has = n + 2, has + #run
    end
    parts[2] = has
    call('XADD', P .. 'c', unpack(parts))
    first = first + has
  end
  runs, told = {}, 0
end

local function flushHints()
  local list = {}
  for text in pairs(hints) do list[#list + 1] = text end
  if #list > 0 then call('PUBLISH', P .. 'hints', concat(list, LS)) end
  hints = {}
end

-- Changes of several tasks that are alike.
local function tellAll(ids, shape, code, attempt)
  ids.shape, ids.code, ids.attempt = shape, code, attempt
  runs[#runs + 1] = ids
  told = told + #ids
end

-- Rows, lists and counts: what a later look of the same unit reads from the store.
local function settleStore()
  flushRows()
  for key, list in pairs(pushes) do many('RPUSH', key, list) end
  pushes = {}
  flushRanks()
  flushIndex()
  flushCounts()
end

local function flush()
  settleStore()
  flushFeed()
  flushHints()
end
