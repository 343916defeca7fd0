-- The lanes that claims take from: for each queue and priority a sorted set of tasks that came back (released ones,
-- with their old places) and behind it a list of entries in the order of their places: the id alone of a task that
-- stands where it was enqueued, `place id` of others. An entry whose row is not ready at that place is stale and
-- skipped. Promises that one unit looks at no more than 1,000 entries, and takes no more than fits into one answer.

local BUDGET = 1000
-- Entries that were looked at, and bytes that were taken.
local looked, weighed = 0, 0

local paused = nil
local function isPaused(queue)
  if not paused then
    paused = {}
    local names = call('SMEMBERS', P .. 'paused')
    for i = 1, #names do paused[names[i]] = true end
  end
  return paused[queue]
end

-- The queues that are asked for, each once, or all with waiting tasks; without the paused ones.
local function openQueues(asked)
  local names, seen, open = asked, {}, {}
  if not names then
    names = call('HKEYS', P .. 'n0')
    local lanes = call('HKEYS', P .. 'n1')
    for i = 1, #lanes do names[#names + 1] = match(lanes[i], '\31(.*)$') end
  end
  for i = 1, #names do
    if not seen[names[i]] then
      seen[names[i]] = true
      if not isPaused(names[i]) then open[#open + 1] = names[i] end
    end
  end
  return open
end

-- When the first scheduled task of a queue is due; nil: there is none.
local function firstDue(queue)
  local first = call('ZRANGE', P .. 'd:' .. queue, 0, 0, 'WITHSCORES')
  return first[2] and tonumber(first[2])
end

local function promoteOne(id)
  needTask()
  local t = load(id)
  if not t or t.code ~= '0' then return end
  move(t, '1', { place = true, quiet = true })
  save(t)
end

-- Promotes what is due in these queues, in the order (due, id), at most `most`; answers how many.
local function promote(queues, most)
  local due = {}
  for i = 1, #queues do
    -- The first of all, as far as so many can be looked at; else each queue has its share, and what others leave.
    local share = most * #queues <= BUDGET and most or math.ceil((most - #due) / (#queues - i + 1))
    local found = call('ZRANGEBYSCORE', P .. 'd:' .. queues[i], '-inf', now, 'WITHSCORES', 'LIMIT', 0, share)
    for j = 1, #found, 2 do due[#due + 1] = { found[j], tonumber(found[j + 1]) } end
  end
  if #queues > 1 then
    table.sort(due, function(a, b)
      if a[2] ~= b[2] then return a[2] < b[2] end
      return a[1] < b[1]
    end)
  end
  local ids = {}
  for i = 1, min(most, #due) do ids[i] = due[i][1] end
  prefetch(ids)
  for i = 1, #ids do promoteOne(ids[i]) end
  settleStore()
  return #ids
end

-- ── the head of one lane ────────────────────────────────────────────────────────────────────────────────────

local function headOf(queue, priority, chunk)
  local lane = priority .. FS .. queue
  return { queue = queue, lane = lane, chunk = chunk, back = P .. 'z:' .. lane, list = P .. 'q:' .. lane, backAt = 0,
    listAt = 0, backTaken = 0, listTaken = 0, stale = 0, started = 0, ids = {}, entries = {}, at = 1, inBack = true }
end

local function idOf(entry)
  local at = find(entry, FS, 1, true)
  return at and sub(entry, at + 1) or entry
end

local function fetch(h)
  local n = min(h.chunk, BUDGET - looked)
  h.ids, h.entries, h.at = {}, {}, 1
  if n <= 0 or h.drained then return false end
  if h.inBack then
    h.ids = call('ZRANGE', h.back, h.backAt, h.backAt + n - 1)
    h.backAt = h.backAt + #h.ids
    if #h.ids == 0 then h.inBack = false end
  end
  if not h.inBack then
    local got, ids = call('LRANGE', h.list, h.listAt, h.listAt + n - 1), h.ids
    for i = 1, #got do ids[i] = idOf(got[i]) end
    h.entries, h.listAt, h.drained = got, h.listAt + #got, #got < n
  end
  looked = looked + #h.ids
  prefetch(h.ids)
  return #h.ids > 0
end

-- Whether an entry of a list is that of a ready task. What is in the set (nil) leaves it where the task leaves.
local function isLive(entry, id)
  local parts = partsOf(rows[id])
  if not parts or parts.code ~= '1' then return false end
  return entry == nil or entry == (parts.place == '=' and id or parts.place .. FS .. id)
end

-- The place of the first task of a lane.
local function placeOfFirst(id)
  local parts = partsOf(rows[id])
  return tonumber(parts.place) or tailOf(parts.key).first + indexOf(id)
end

-- Goes on behind the entry that is first.
local function step(h)
  h.at = h.at + 1
  if h.inBack then h.backTaken = h.backTaken + 1 else h.listTaken = h.listTaken + 1 end
end

-- The first ready task of a lane; nil: none, or enough was looked at.
local function firstOf(h)
  while true do
    local id = h.ids[h.at]
    if not id then
      if not fetch(h) then return nil end
    else
      if isLive(h.entries[h.at], id) then return id end
      if not h.inBack then h.stale = h.stale + 1 end
      step(h)
    end
  end
end

-- Drops from the store what was gone through.
local function closeHead(h)
  if h.started > 0 then
    count('1', h.lane, -h.started)
    count('2', h.queue, h.started)
  end
  -- Not popped: what goes has been read.
  if h.backTaken > 0 then call('ZREMRANGEBYRANK', h.back, 0, h.backTaken - 1) end
  if h.listTaken > 0 then call('LTRIM', h.list, h.listTaken, -1) end
  if h.stale > 0 and call('HINCRBY', P .. 'st', h.lane, -h.stale) <= 0 then call('HDEL', P .. 'st', h.lane) end
end

-- ── taking ──────────────────────────────────────────────────────────────────────────────────────────────────

-- The tail of a task that this claim starts, made once for all that share the tail before; false: its time is over.
local function startedTail(claim, t)
  if t.expires ~= '' and tonumber(t.expires) <= NOW then return false end
  local has = string.gsub(t.has, 'p', '')
  return keyOf(concat({ claim.run .. t.shape.deadline .. FS, t.before, t.base,
    t.outcome .. FS .. t.reason .. FS .. t.finished .. FS .. has, t.shape.text, t.short }, LS))
end

-- How rows with these parts start, made once for all of them; false: their time is over.
local function startOf(parts, claim)
  local key = parts.key
  local t, started = tailOf(key), claim.tails[key]
  if started == nil then
    started = startedTail(claim, t)
    claim.tails[key] = started
  end
  if not started then return false end
  local attempt = int(parts.attempt + 1)
  local head = '2' .. FS .. parts.place .. FS .. attempt
  return { n = 0, ids = {}, head = head, key = started, text = head .. LS .. started, attempt = attempt, shape = t.shape,
    expires = t.expires ~= '', tells = find(t.has, 'p', 1, true), failed = find(t.has, 'e', 1, true) }
end

-- Starts a ready task, if its time is not over.
local function start(h, id, claim)
  local text = rows[id]
  local begin = claim.starts[text]
  if begin == nil then
    begin = startOf(partsOf(text), claim)
    claim.starts[text] = begin
    if begin then
      begin.before = text
      claim.begun[#claim.begun + 1] = begin
    end
  end
  claim.gone = claim.gone + 1
  if not begin then
    needTask()
    return cancelWaiting(load(id), 'expired', 'expire', true)
  end
  if begin.expires then rank(P .. 'ex', id, false) end
  if begin.tells then call('HDEL', P .. 'p', id) end
  weighed = weighed + begin.shape.weight + (begin.failed and call('HSTRLEN', P .. 'e', id) or 0)
  local n, m = claim.n + 1, begin.n + 1
  claim.n, claim.ids[n], begin.n, begin.ids[m], rows[id] = n, id, m, id, begin.text
  h.started = h.started + 1
end

-- Writes the rows of what a claim started, and tells of it.
local function closeClaim(claim)
  for i = 1, #claim.begun do
    local begin = claim.begun[i]
    putAll(begin.ids, begin.before, begin.head, begin.key)
    tellAll(begin.ids, begin.shape, '2', begin.attempt)
  end
end

-- Takes from lanes of one priority as if they were one, by place.
local function takeFrom(heads, claim, limit)
  local only = #heads == 1 and heads[1]
  while claim.n < limit and weighed < REPLY do
    local best, bestId = only, only and firstOf(only)
    if not only then
      local lowest
      for i = 1, #heads do
        local id = firstOf(heads[i])
        local place = id and placeOfFirst(id)
        if id and (not lowest or place < lowest) then lowest, best, bestId = place, heads[i], id end
      end
    end
    if not bestId then break end
    step(best)
    start(best, bestId, claim)
  end
  for i = 1, #heads do closeHead(heads[i]) end
end

-- How many are ready in these queues: by queue and priority, and in all.
local function readyOf(queues, all)
  local ready, total = {}, 0
  for i = 1, #queues do ready[queues[i]] = {} end
  local function note(queue, priority, n)
    if n and ready[queue] then
      ready[queue][priority] = true
      total = total + n
    end
  end
  if all then
    local lanes = call('HGETALL', P .. 'n1')
    for i = 1, #lanes, 2 do
      local priority, queue = match(lanes[i], '^(%d+)\31(.*)$')
      note(queue, tonumber(priority), tonumber(lanes[i + 1]))
    end
  else
    for i = 1, #queues do
      local fields = {}
      for priority = 0, 10 do fields[priority + 1] = priority .. FS .. queues[i] end
      local got = call('HMGET', P .. 'n1', unpack(fields))
      for j = 1, 11 do note(queues[i], j - 1, got[j] and tonumber(got[j])) end
    end
  end
  return ready, total
end

-- Takes from queues as if they were one.
local function takeGroup(queues, ready, claim, limit)
  for priority = 10, 0, -1 do
    local lane, room = {}, limit - claim.n
    if room <= 0 or looked >= BUDGET or weighed >= REPLY then return end
    for i = 1, #queues do
      if ready[queues[i]][priority] then lane[#lane + 1] = queues[i] end
    end
    if #lane > 0 then
      local heads, chunk = {}, math.ceil(room / #lane)
      for i = 1, #lane do heads[i] = headOf(lane[i], priority, chunk) end
      takeFrom(heads, claim, limit)
    end
  end
end

-- ── one request ─────────────────────────────────────────────────────────────────────────────────────────────

-- What still runs under a claim that is asked for again.
local function replay(session, claimId)
  local running, ids = call('SMEMBERS', P .. 'r:' .. session), {}
  prefetch(running)
  for i = 1, #running do
    local parts = partsOf(rows[running[i]])
    if parts and parts.code == '2' and tailOf(parts.key).claim == claimId then ids[#ids + 1] = running[i] end
  end
  return ids
end

-- When the first task of each queue falls due.
local function duesOf(queues)
  local dues = {}
  for i = 1, #queues do dues[queues[i]] = firstDue(queues[i]) end
  return dues
end

-- Promotes what is due, and tells anew when the next tasks of these queues are.
local function promoteDue(queues, dues)
  local due = {}
  for i = 1, #queues do
    local first = dues[queues[i]]
    if first and first <= NOW then due[#due + 1] = queues[i] end
  end
  if #due == 0 then return end
  promote(due, 1000)
  for i = 1, #due do dues[due[i]] = firstDue(due[i]) end
end

-- How long until the first of these is due; nil: none is scheduled.
local function waitOf(dues)
  local first
  for _, due in pairs(dues) do if not first or due < first then first = due end end
  return first and math.max(0, first - NOW)
end

local function take(session, claimId, limit, queues, asked)
  local ready, total = readyOf(queues, not asked)
  local claim = { run = claimId .. FS .. session .. FS .. now .. FS, n = 0, ids = {}, tails = {}, starts = {}, begun = {},
    gone = 0 }
  if asked then
    for i = 1, #queues do
      if claim.n < limit then takeGroup({ queues[i] }, ready, claim, limit) end
    end
  else
    takeGroup(queues, ready, claim, limit)
  end
  closeClaim(claim)
  if claim.n > 0 then
    many('SADD', P .. 'r:' .. session, claim.ids)
    call('HINCRBY', P .. 'k:' .. session, claimId, claim.n)
  end
  return claim.ids, total - claim.gone
end

local function claimOne(session, claimId, limit, asked)
  local queues = openQueues(asked)
  local dues, replayed = duesOf(queues), 0
  local ids, rest
  if (tonumber(call('HGET', P .. 'k:' .. session, claimId)) or 0) > 0 then
    replayed, ids = 1, replay(session, claimId)
    local _, total = readyOf(queues, not asked)
    rest = total
  else
    promoteDue(queues, dues)
    ids, rest = take(session, claimId, limit, queues, asked)
  end
  settleStore()
  local wait = waitOf(dues)
  local more = (wait == 0 or rest > 0) and 1 or 0
  local stopped = looked >= BUDGET or weighed >= REPLY
  local again = (replayed == 0 and stopped and #ids == 0) and 1 or 0
  return { 1, more, wait and int(wait) or '', again, replayed, recordsOf(ids) }
end
