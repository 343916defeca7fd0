#!lua flags=allow-oom
-- act: the operator's verbs. Absolute target states, so that a repeated call harms nothing.
-- KEYS[1] prefix  ARGV[3] number, then for each: verb (cancel requeue delete reprioritise), id, priority or ''
-- Answers {lanes with more stale entries than this unit may drop, then flat (outcome, code or '', holder or '')}
-- O(n log N), n ≤ 1,000, and as many stale entries
--@ unit rows gathered task beside lanes compact
needTask()
local verbs = {}
local touched = {}

local function touch(t)
  local lane = laneOf(t)
  touched[lane] = (touched[lane] or 0) + 1
end

function verbs.cancel(t)
  if t.code < '2' then
    if t.code == '1' then touch(t) end
    cancelWaiting(t, 'cancelled', 'cancel')
    return 'done', '5'
  end
  if t.code == '2' then
    -- The first request stands: how long a task has been asked to stop must not start anew.
    if t.cancel == '' then
      t.cancel = now
      save(t)
    end
    hint('cancel', t.shape.queue)
    return 'requested', '2'
  end
  return t.code == '5' and 'done' or 'refused', t.code
end

-- The attempt that a final row tells, if it is not in the journal yet.
local function keepLast(t)
  if t.attempt == '0' then return end
  local last = call('LINDEX', P .. 'a:' .. t.id, -1)
  if last and match(last, '^(%d+)') == t.attempt then return end
  local error = has(t, 'e') and call('HGET', P .. 'e', t.id) or 'null'
  keepAttempt(t, t.finished, t.outcome, t.reason, '{"error":' .. error .. ',"warnings":[]}')
end

function verbs.requeue(t)
  if t.code ~= '4' and t.code ~= '5' then return 'refused', t.code end
  local key = t.shape.key
  if key ~= '' and (t.till == '' or tonumber(t.till) > NOW) then
    local holder = holderOf(key)
    if holder and holder ~= t.id then return 'held', t.code, holder end
    takeKey(key, t.id, t.till)
  end
  keepLast(t)
  keepBeside(t, 'e', '')
  keepBeside(t, 'x', '')
  unmark(t, 'r')
  t.short, t.reason, t.expires = '', '', ''
  t.failures, t.crashes, t.losses, t.releases, t.snoozes = '', '', '', '', ''
  t.runAt = now
  move(t, '1', { place = true })
  t.finished = ''
  save(t)
  return 'done', '1'
end

function verbs.delete(t)
  if t.code < '3' then return 'refused', t.code end
  bury(t)
  return 'done', ''
end

function verbs.reprioritise(t, priority)
  if t.code == '0' then
    t.priority = priority
    save(t)
    return 'done', '0'
  end
  if t.code ~= '1' then return 'refused', t.code end
  touch(t)
  leave(t)
  t.priority = priority
  t.place = tostring(call('HINCRBY', P .. 'm', 'place', 1))
  enter(t)
  save(t)
  return 'done', '1'
end

local answers, n, ids = {}, tonumber(ARGV[3]), {}
for i = 1, n do ids[i] = ARGV[3 * i + 2] end
prefetch(ids)
for i = 1, n do
  local t = load(ids[i])
  local outcome, code, holder = 'not_found', '', ''
  if t then outcome, code, holder = verbs[ARGV[3 * i + 1]](t, ARGV[3 * i + 3]) end
  answers[3 * i - 2], answers[3 * i - 1], answers[3 * i] = outcome, code, holder or ''
end
settleStore()
table.insert(answers, 1, compact(touched))
flush()
return answers
