-- A task taken apart, and what follows from each change of its state: indexes, counts, unique key, changes feed.
-- Used where a change is not the common one; the common ones (plain enqueue, claim, plain success) write the same by
-- themselves. Promises that no way into or out of a state forgets an index.

local STATES = '^(%d)\31(%d*)\31(%d+)\31([^\31]*)\31([^\31]*)\31(%d*)\31(%d*)\31(%d*)\31([^\31]*)\31(.*)$'
local BASES = '^(%d*)\31(%d*)\31(%d*)\31(%d*)\31(%d+)\31(%d*)\31(%d*)\31(%d*)\31(%d*)\31(%d*)\31(.*)$'
local ENDS = '^([^\31]*)\31([^\31]*)\31(%d*)\31(.*)$'
local LINES = '^([^\30]*)\30([^\30]*)\30([^\30]*)\30([^\30]*)\30(.*)$'

local function load(id)
  local text = row(id)
  if not text then return nil end
  local a, b, d, c, r = match(text, LINES)
  local t = { id = id, shape = shapeOf(c), short = r }
  t.code, t.place, t.attempt, t.claim, t.session, t.started, t.deadline, t.cancel, t.settled, t.mark = match(a, STATES)
  t.expires, t.runAt, t.created, t.till, t.priority, t.failures, t.crashes, t.losses, t.releases, t.snoozes, t.digest =
    match(b, BASES)
  t.outcome, t.reason, t.finished, t.has = match(d, ENDS)
  return t
end

local function save(t)
  put(t.id, concat({ t.code, t.place, t.attempt, t.claim, t.session, t.started, t.deadline, t.cancel, t.settled, t.mark },
    FS) .. LS .. concat({ t.expires, t.runAt, t.created, t.till, t.priority, t.failures, t.crashes, t.losses, t.releases,
    t.snoozes, t.digest }, FS) .. LS .. concat({ t.outcome, t.reason, t.finished, t.has }, FS) .. LS ..
    t.shape.text .. LS .. t.short)
end

local function has(t, flag) return find(t.has, flag, 1, true) ~= nil end
local function mark(t, flag) if not has(t, flag) then t.has = t.has .. flag end end
local function unmark(t, flag) t.has = (string.gsub(t.has, flag, '')) end

-- What is kept beside the row, if it is: an error, progress, a long result.
local KEPT = { e = 'e', p = 'p', x = 'x' }
local function keepBeside(t, flag, text)
  if text ~= '' then
    call('HSET', P .. KEPT[flag], t.id, text)
    mark(t, flag)
  elseif has(t, flag) then
    call('HDEL', P .. KEPT[flag], t.id)
    unmark(t, flag)
  end
end

-- Which index of creation lists a state: those that few tasks are in have their own.
local function listOf(code)
  if code == '0' then return 's' elseif code == '4' then return 'd' elseif code == '5' then return 'c' end
  return 'h'
end

local listed = {}
local function list(code, shape, id, created)
  local name = listOf(code) .. FS .. shape.lane
  rank(P .. 'i:' .. name, id, created)
  if created and not listed[name] then
    listed[name] = true
    call('SADD', P .. 'runs', name)
  end
end

local function laneOf(t) return t.priority .. FS .. t.shape.queue end

local function keepOf(t) return t.code == '3' and t.shape.keep or t.shape.keepDead end

-- A session that runs nothing more leaves the list of those that do at the next sweep.
local function stopRunning(session, claim, ids)
  many('SREM', P .. 'r:' .. session, ids)
  if call('HINCRBY', P .. 'k:' .. session, claim, -#ids) <= 0 then call('HDEL', P .. 'k:' .. session, claim) end
end

-- Takes a task out of the indexes of its state. `popped`: its entry among the ready ones is gone already.
local function leave(t, popped)
  local code, queue = t.code, t.shape.queue
  if code == '0' then
    rank(P .. 'd:' .. queue, t.id, false)
  elseif code == '1' and not popped then
    if call('ZREM', P .. 'z:' .. laneOf(t), t.id) == 0 then call('HINCRBY', P .. 'st', laneOf(t), 1) end
  elseif code == '2' then
    stopRunning(t.session, t.claim, { t.id })
  elseif code > '2' then
    rank(P .. 'f:' .. keepOf(t), t.id, false)
  end
  if code < '2' and t.expires ~= '' then rank(P .. 'ex', t.id, false) end
  count(code, code == '1' and laneOf(t) or queue, -1)
end

local keeps = {}

-- Puts a task into the indexes of its state. `front`: it goes back before all that were never taken.
local function enter(t, front)
  local code, queue = t.code, t.shape.queue
  if code == '0' then
    rank(P .. 'd:' .. queue, t.id, t.runAt)
  elseif code == '1' and front then
    rank(P .. 'z:' .. laneOf(t), t.id, t.place)
  elseif code == '1' then
    push(P .. 'q:' .. laneOf(t), t.place .. FS .. t.id)
  elseif code > '2' then
    local keep = keepOf(t)
    rank(P .. 'f:' .. keep, t.id, t.finished)
    if not keeps[keep] then
      keeps[keep] = true
      call('SADD', P .. 'keeps', keep)
    end
  end
  if code < '2' and t.expires ~= '' then rank(P .. 'ex', t.id, t.expires) end
  count(code, code == '1' and laneOf(t) or queue, 1)
end

-- From one state to another. Running is come to by claims only.
local function move(t, code, options)
  leave(t, options.popped)
  if listOf(t.code) ~= listOf(code) then
    list(t.code, t.shape, t.id, false)
    list(code, t.shape, t.id, t.created)
  end
  t.code = code
  if code == '0' then t.place = '' end
  if options.place then t.place = tostring(call('HINCRBY', P .. 'm', 'place', 1)) end
  if code > '2' then t.finished = now end
  enter(t, options.front)
  if not options.quiet then tell(t.id, t.shape, code, t.attempt) end
end

-- ── unique keys ─────────────────────────────────────────────────────────────────────────────────────────────

-- The task that holds a key now; nil: it is free.
local function holderOf(key)
  local held = call('HGET', P .. 'u', key)
  if not held then return nil end
  local id, till = match(held, '^(.*)\31(%d*)$')
  if till ~= '' and tonumber(till) <= NOW then return nil end
  return row(id) and id or nil
end

local function takeKey(key, id, till) call('HSET', P .. 'u', key, id .. FS .. till) end

-- Its time may have lapsed and another task may hold the key since.
local function freeKey(key, id)
  if key == '' then return end
  local held = call('HGET', P .. 'u', key)
  if held and match(held, '^(.*)\31%d*$') == id then call('HDEL', P .. 'u', key) end
end

-- ── endings ─────────────────────────────────────────────────────────────────────────────────────────────────

-- Puts an ended attempt into the journal of its task. `kept`: JSON with its error and warnings.
local function keepAttempt(t, ended, kind, reason, kept)
  call('RPUSH', P .. 'a:' .. t.id, concat({ t.attempt, t.session, t.started, ended, kind, reason, kept }, FS))
  call('LTRIM', P .. 'a:' .. t.id, -100, -1)
  mark(t, 'a')
end

local function finish(t, code, options)
  move(t, code, options or {})
  if t.till == '' then freeKey(t.shape.key, t.id) end
  hint('change', t.shape.queue)
end

local function cancelWaiting(t, reason, outcome, popped)
  t.reason, t.outcome = reason, outcome
  finish(t, '5', { popped = popped })
  save(t)
end

-- Takes a finished task away; its id stays taken for two days.
local function bury(t)
  local id, shape = t.id, t.shape
  freeKey(shape.key, id)
  rank(P .. 'f:' .. keepOf(t), id, false)
  list(t.code, shape, id, false)
  if shape.group ~= '' then rank(P .. 'g:' .. shape.group, id, false) end
  if shape.parent ~= '' then rank(P .. 'h:' .. shape.parent, id, false) end
  count(t.code, shape.queue, -1)
  call('HDEL', P .. 'b', id)
  for flag, key in pairs(KEPT) do if has(t, flag) then call('HDEL', P .. key, id) end end
  if has(t, 'a') or has(t, 'l') then call('UNLINK', P .. 'a:' .. id, P .. 'l:' .. id) end
  local till = int(NOW + 172800000)
  call('HSET', P .. 't', id, t.digest .. FS .. till)
  call('ZADD', P .. 'tz', till, id)
  tell(id, shape, '9', t.attempt)
  dels[#dels + 1] = id
  rows[id] = false
end

-- Log lines: `from` is the index in ARGV of the first of `n` triples.
local function keepLogs(t, from, n)
  for i = from, from + 3 * n - 1, 3 do
    call('XADD', P .. 'l:' .. t.id, 'MAXLEN', 1000, '0-*', 'a', ARGV[i], 'l', ARGV[i + 1], 'm', ARGV[i + 2])
  end
  if n > 0 then mark(t, 'l') end
end
