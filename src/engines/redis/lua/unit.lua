-- One unit of work: the time, the rows as this unit sees them, and what it is going to write.
-- Shared by every script (joined before it at load). Promises that writes are gathered and made by a few commands
-- with many members, and that a script that was refused before `flush` has written nothing of what is gathered.
--
-- KEYS[1]  prefix of all keys of the namespace, with its hash tag: the other keys are made from it
-- ARGV[1]  engine time in ms; '' for the server's own clock
-- ARGV[2]  'q': say nothing of ends, for the caller has just done so and will again
--
-- A row is text: lines parted by LS, fields by FS. The first line is its head: code place attempt. The others are its
-- tail, which tasks that were enqueued, claimed or settled together mostly share, so that it is taken apart once:
-- claim session started deadline cancel / settled mark / expires runAt created until priority failures crashes losses
-- releases snoozes entry first / outcome reason finished has / the shape: queue type timeout keepSucceeded keepDead
-- uniqueKey group parent / a short result. '' stands for null, and for 0 in counters. `entry` is the number of the entry
-- that lists it by creation. `has` tells what is kept elsewhere: e error, p progress, x long result, r short result,
-- a attempts, l log lines. A body is: digest, FS and the task's index among those that were enqueued with it (plain
-- ones), then what no script looks at.
-- A tail that several rows of one unit share is stored once under a number, which stands in these rows in its place,
-- with the count of rows that still have it: Lua hashes every byte of a text that it touches. For the same reason the
-- place of a task that keeps the one it was enqueued with is written '=': it is `first` and the index in its body. So
-- rows that were made together are one and the same text.
local FS, LS, IS = '\31', '\30', '\29'
local call, concat, match, find, sub = redis.call, table.concat, string.match, string.find, string.sub
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

-- Ids that came as one text.
local function idsOf(text)
  local ids, n = {}, 0
  for id in string.gmatch(text, '[^\29]+') do
    n = n + 1
    ids[n] = id
  end
  return ids
end

-- A command with any number of members: unpack has a limit.
local function many(name, key, list)
  for i = 1, #list, 4000 do call(name, key, unpack(list, i, min(i + 3999, #list))) end
end

local rows, groups, news, dels = {}, {}, {}, {}

-- Reads rows that this unit has not seen yet.
local function prefetch(ids)
  local missing, n = {}, 0
  for i = 1, #ids do
    if rows[ids[i]] == nil then
      n = n + 1
      missing[n] = ids[i]
    end
  end
  for i = 1, n, 1000 do
    local last = min(i + 999, n)
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

-- Rows that share a tail: as many make it worth a number.
local SHARED = 3
-- Texts of numbers and of tails that this unit makes (`#1`, `#2`…), and how many of its rows have each of those.
local texts, keys, used, made = {}, {}, {}, 0
-- How many rows have left each number.
local left = {}

-- The key under which rows of this unit have a tail.
local function keyOf(text)
  local key = keys[text]
  if not key then
    made = made + 1
    key = '#' .. made
    keys[text], texts[key], used[key] = key, text, 0
  end
  return key
end

-- `n` rows lose the tail that they have.
local function release(text, n)
  local key = text and match(text, '^[^\30]*\30([^\30]*)$')
  if not key then return end
  if used[key] then used[key] = used[key] - n else left[key] = (left[key] or 0) + n end
end

-- Writes rows that are one and the same text, `before`: their new head, and the key of their new tail. Whoever gives
-- them has set rows[id] to the text that this answers: head, LS, key.
local function putAll(ids, before, head, key)
  release(before, #ids)
  used[key] = used[key] + #ids
  ids.head, ids.key = head, key
  groups[#groups + 1] = ids
end

-- Writes a row.
local function put(id, head, key)
  putAll({ id }, rows[id], head, key)
  rows[id] = head .. LS .. key
end

-- Stores a tail under a number, for `n` rows.
local function share(text, n)
  local number = int(call('HINCRBY', P .. 'm', 'tail', 1))
  call('HSET', P .. 'y', number, text, 'n' .. number, n)
  texts[number] = text
  return number
end

-- Writes a row that was not there before; `text` is all of it.
local function putNew(id, text)
  rows[id] = text
  local n = #news
  news[n + 1], news[n + 2] = id, text
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

local HEAD = '^(%d)\31([%d=]*)\31(%d+)\30()'
local tails = {}

-- A tail taken apart, once: `key` is what stands in the row, a number, a key of this unit or the text itself.
local function tailOf(key)
  local t = tails[key]
  if t then return t end
  local text = texts[key] or key
  if not find(text, LS, 1, true) then text = call('HGET', P .. 'y', key) end
  local run, settled, base, ending, shape, short =
    match(text, '^([^\30]*)\30([^\30]*)\30([^\30]*)\30([^\30]*)\30([^\30]*)\30(.*)$')
  t = { text = text, run = run, before = settled, base = base, ending = ending, shape = shapeOf(shape), short = short }
  t.claim, t.session, t.started, t.deadline, t.cancel = match(run,
    '^([^\31]*)\31([^\31]*)\31(%d*)\31(%d*)\31(%d*)$')
  t.settled, t.mark = match(settled, '^([^\31]*)\31(.*)$')
  t.expires, t.runAt, t.created, t.till, t.priority, t.failures, t.crashes, t.losses, t.releases, t.snoozes, t.entry,
    t.first =
    match(base, '^(%d*)\31(%d*)\31(%d*)\31(%d*)\31(%d+)\31(%d*)\31(%d*)\31(%d*)\31(%d*)\31(%d*)\31(%d*)\31(%d*)$')
  t.outcome, t.reason, t.finished, t.has = match(ending, '^([^\31]*)\31([^\31]*)\31(%d*)\31(.*)$')
  tails[key] = t
  return t
end

local function codeOf(text) return match(text, '^%d') end

-- The index of a task in the run that it was enqueued with; bodies are not read but for this.
local indexes = {}
local function indexOf(id)
  if not indexes[id] then indexes[id] = tonumber(match(call('HGET', P .. 'b', id), '^[^\30\31]*\31(%d+)')) end
  return indexes[id]
end

local parted = {}

-- A row taken apart, once for all that have the same text; nil: there is none.
local function partsOf(text)
  if not text then return nil end
  local parts = parted[text]
  if not parts then
    local code, place, attempt, at = match(text, HEAD)
    parts = { code = code, place = place, attempt = attempt, key = sub(text, at) }
    parted[text] = parts
  end
  return parts
end

-- ── what is gathered ────────────────────────────────────────────────────────────────────────────────────────

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

-- This unit's entry in the index of creation of a lane (queue and type): its number, and the ids.
local function entryOf(shape)
  local entry = entries[shape.lane]
  if not entry then
    entry = { string.format('%016d', call('HINCRBY', P .. 'm', 'entry', 1)) }
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

local function flushRows()
  local names, list = {}, {}
  for key, n in pairs(used) do
    names[key] = texts[key]
    if n >= SHARED then names[key] = share(texts[key], n) end
  end
  if #news > 0 then many('HSET', P .. 's', news) end
  for i = 1, #groups do
    local group, n = groups[i], #list
    local text = group.head .. LS .. names[group.key]
    for j = 1, #group do
      local id = group[j]
      if rows[id] then rows[id] = text end
      list[n + 2 * j - 1], list[n + 2 * j] = id, text
    end
  end
  if #list > 0 then many('HSET', P .. 's', list) end
  if #dels > 0 then many('HDEL', P .. 's', dels) end
  for number, n in pairs(left) do
    if call('HINCRBY', P .. 'y', 'n' .. number, -n) <= 0 then call('HDEL', P .. 'y', number, 'n' .. number) end
  end
  groups, news, dels, keys, used, left = {}, {}, {}, {}, {}, {}
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
