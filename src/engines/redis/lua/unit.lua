-- One unit of work: the time, the rows as this unit sees them, and what it is going to write.
-- Shared by every script (joined before it at load). Promises that writes are gathered and made by a few commands
-- with many members, and that a script that was refused before `flush` has written nothing of what is gathered.
--
-- KEYS[1]  prefix of all keys of the namespace, with its hash tag: the other keys are made from it
-- ARGV[1]  engine time in ms; '' for the server's own clock
-- ARGV[2]  'q': say nothing of ends, for the caller has just done so and will again
--
-- A row is text: lines parted by LS, fields by FS. A: code place attempt claim session started deadline cancel settled
-- mark. B: expires runAt created until priority failures crashes losses releases snoozes digest. D: outcome reason
-- finished has. C (the shape): queue type timeout keepSucceeded keepDead uniqueKey group parent. R: a short result.
-- '' stands for null, and for 0 in counters. `has` lists what is kept elsewhere: e error, p progress, x long result,
-- r short result, a attempts, l log lines.
local FS, LS, IS = '\31', '\30', '\29'
local call, concat, match, find = redis.call, table.concat, string.match, string.find
local floor, min = math.floor, math.min
local P = KEYS[1]

-- Above 14 digits Lua writes numbers in exponent form.
local function int(n) return string.format('%.0f', n) end

local now = ARGV[1]
if now == '' then
  local time = call('TIME')
  now = int(time[1] * 1000 + floor(time[2] / 1000))
end
local NOW = tonumber(now)
local quiet = ARGV[2] == 'q'

-- A command with any number of members: unpack has a limit.
local function many(name, key, list)
  for i = 1, #list, 4000 do call(name, key, unpack(list, i, min(i + 3999, #list))) end
end

local rows, sets, dels = {}, {}, {}

-- Reads rows that this unit has not seen yet.
local function prefetch(ids)
  local missing = {}
  for i = 1, #ids do
    if rows[ids[i]] == nil then
      missing[#missing + 1] = ids[i]
      rows[ids[i]] = false
    end
  end
  for i = 1, #missing, 1000 do
    local last = min(i + 999, #missing)
    local got = call('HMGET', P .. 's', unpack(missing, i, last))
    for j = i, last do rows[missing[j]] = got[j - i + 1] end
  end
end

local function row(id)
  local text = rows[id]
  if text == nil then
    text = call('HGET', P .. 's', id)
    rows[id] = text
  end
  return text
end

local function put(id, text)
  rows[id] = text
  sets[#sets + 1] = id
  sets[#sets + 1] = text
end

local shapes = {}

-- The part that the tasks of one type share, taken apart once.
local function shapeOf(text)
  local shape = shapes[text]
  if shape then return shape end
  local queue, type, timeout, keep, keepDead, key, group, parent = match(text,
    '^([^\31]*)\31([^\31]*)\31(%d*)\31(%d*)\31(%d*)\31([^\31]*)\31([^\31]*)\31([^\31]*)$')
  shape = { text = text, queue = queue, type = type, keep = keep, keepDead = keepDead, key = key, group = group,
    parent = parent, lane = queue .. FS .. type, deadline = timeout == '' and '' or int(NOW + timeout) }
  shapes[text] = shape
  return shape
end

-- The state, the number of the attempt and the shape of a row, for those who need no more.
local function stateOf(text) return match(text, '^%d') end

-- ── what is gathered ────────────────────────────────────────────────────────────────────────────────────────

local pending, pushes, counts, hints = {}, {}, {}, {}
local runs, told = {}, 0

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
  local key = P .. 'n' .. code
  local fields = counts[key]
  if not fields then
    fields = {}
    counts[key] = fields
  end
  fields[field] = (fields[field] or 0) + by
end

local function hint(kind, queue)
  if not (quiet and kind == 'change') then hints[kind .. FS .. queue] = true end
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

local function flushCounts()
  local ready = P .. 'n1'
  for key, fields in pairs(counts) do
    for field, by in pairs(fields) do
      if by ~= 0 then
        local total = call('HINCRBY', key, field, by)
        if total <= 0 then call('HDEL', key, field) end
        -- Who found a queue empty sleeps: the first one that comes wakes.
        if key == ready and by > 0 and total == by then hint('work', match(field, '\31(.*)$')) end
      end
    end
  end
  counts = {}
end

local function flushFeed()
  if told == 0 then return end
  local first = call('HINCRBY', P .. 'm', 'change', told) - told + 1
  local parts = { told .. FS .. now }
  for i = 1, #runs do
    local run = runs[i]
    parts[i + 1] = run.shape.type .. FS .. run.shape.queue .. FS .. run.code .. FS .. run.attempt .. FS ..
      concat(run, IS)
  end
  call('XADD', P .. 'c', int(first) .. '-0', 'c', concat(parts, LS))
  runs, told = {}, 0
end

local function flushHints()
  local list = {}
  for text in pairs(hints) do list[#list + 1] = text end
  if #list > 0 then call('PUBLISH', P .. 'hints', concat(list, LS)) end
  hints = {}
end

-- Rows, lists and counts: what a later look of the same unit reads from the store.
local function settleStore()
  if #sets > 0 then many('HSET', P .. 's', sets) end
  if #dels > 0 then many('HDEL', P .. 's', dels) end
  sets, dels = {}, {}
  for key, list in pairs(pushes) do many('RPUSH', key, list) end
  pushes = {}
  flushRanks()
  flushCounts()
end

local function flush()
  settleStore()
  flushFeed()
  flushHints()
end
