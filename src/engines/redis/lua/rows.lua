-- The rows of tasks as this unit sees them, and what it is going to write of them.
-- Promises that rows are read and written by a few commands with many members, and that a tail's count is right.
--
-- A row is text: lines parted by LS, fields by FS. The first line is its head: code place attempt. The others are its
-- tail, which tasks that were enqueued, claimed or settled together mostly share, so that it is taken apart once:
-- claim session started deadline cancel / settled mark / expires runAt created until priority failures crashes losses
-- releases snoozes entry first / outcome reason finished has / the shape: queue type timeout keepSucceeded keepDead
-- uniqueKey group parent weight / a short result. '' stands for null, and for 0 in counters. `entry` is the number of the entry
-- that lists it by creation. `weight` is the most bytes that a body of this shape has, '' up to LIGHT. `has` tells what is kept elsewhere: e error, p progress, x long result, r short result,
-- a attempts, l log lines. A body is: digest, FS and the task's index among those that were enqueued with it (plain
-- ones), then what no script looks at.
-- A tail that several rows of one unit share is stored once under a number, which stands in these rows in its place,
-- with the count of rows that still have it: Lua hashes every byte of a text that it touches. For the same reason the
-- place of a task that keeps the one it was enqueued with is written '=': it is `first` and the index in its body. So
-- rows that were made together are one and the same text.

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

-- Bytes of a body that count for every task, and so many of all may be in one answer, and one task more.
local LIGHT, REPLY = 4096, 4194304
local shapes = {}

-- The part that the tasks of one type share, taken apart once.
local function shapeOf(text)
  local shape = shapes[text]
  if shape then return shape end
  local queue, type, timeout, keep, keepDead, key, group, parent, weight = match(text,
    '^([^\31]*)\31([^\31]*)\31(%d*)\31(%d*)\31(%d*)\31([^\31]*)\31([^\31]*)\31([^\31]*)\31(%d*)$')
  shape = { text = text, queue = queue, type = type, keep = keep, keepDead = keepDead, key = key, group = group,
    parent = parent, weight = tonumber(weight) or LIGHT, lane = queue .. FS .. type, deadline = timeout == '' and '' or int(NOW + timeout) }
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
