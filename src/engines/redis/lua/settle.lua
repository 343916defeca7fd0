#!lua flags=allow-oom
-- settle: how running attempts end. The token alone guards; what an ending means was decided before.
-- KEYS[1] prefix  ARGV[3] number of parts, then for each either
--   'p' (plain successes that are alike), token, mark, result, ids parted by IS, or
--   'f', id, token, guard (c r o), mark, code it goes to, delay, kind, reason, result ('-': none, else '+' and the text),
--   error, kept (JSON for the journal), worth keeping (1: has warnings), failures, crashes, losses, releases, snoozes,
--   number of log lines, (at, level, message)…, number of arguments of the follow-ups, follow-ups (see new-tasks.lua)
-- Answers flat (index of the settlement, status, code, refused follow-ups or false) of what is not a plain success
-- O(n log N), n ≤ 1,000 with their follow-ups
--@ unit rows gathered task new-tasks
local answers, index = {}, 0

local function answer(status, code, refused)
  local n = #answers
  answers[n + 1], answers[n + 2], answers[n + 3], answers[n + 4] = index, status, code, refused
end

-- ── any other ending ────────────────────────────────────────────────────────────────────────────────────────

local guardHolds, charge, keepResult, write, settleOne, settleSlowly
local function needOthers()
  if guardHolds then return end
  needTask()

  function guardHolds(t, token, guard)
    if t.code ~= '2' or t.claim .. '.' .. t.attempt ~= token then return false end
    if guard == 'r' then return not call('ZSCORE', P .. 'live', t.session) end
    if guard == 'o' then return t.deadline ~= '' and tonumber(t.deadline) <= NOW end
    return true
  end

  function charge(t, at)
    local names = { 'failures', 'crashes', 'losses', 'releases', 'snoozes' }
    for i = 1, 5 do
      local by = tonumber(ARGV[at + i - 1])
      if by ~= 0 then t[names[i]] = int((tonumber(t[names[i]]) or 0) + by) end
    end
  end

  function keepResult(t, result)
    unmark(t, 'r')
    keepBeside(t, 'x', '')
    t.short = ''
    if result == '-' then return end
    if #result <= 65 then
      t.short = string.sub(result, 2)
      mark(t, 'r')
    else
      call('HSET', P .. 'x', t.id, string.sub(result, 2))
      mark(t, 'x')
    end
  end

  -- Writes the ending of `t`; its arguments begin with the code it goes to.
  function write(t, token, markText, at)
    local wanted, kind, reason = ARGV[at], ARGV[at + 2], ARGV[at + 3]
    local code = wanted
    if t.cancel ~= '' and wanted < '2' then code, kind, reason = '5', 'cancel', 'cancelled' end
    local final, succeeded = code > '2', code == '3'
    local error = ARGV[at + 5]
    local says = ARGV[at + 7] == '1' or (not succeeded and error == '' and has(t, 'e'))
    if not final or says then keepAttempt(t, now, kind, reason, ARGV[at + 6]) end
    charge(t, at + 8)
    t.outcome, t.reason = kind, succeeded and '' or reason
    if succeeded then
      keepResult(t, ARGV[at + 4])
      keepBeside(t, 'e', '')
    elseif error ~= '' then
      keepBeside(t, 'e', error)
    end
    if code == '0' then t.runAt = int(NOW + ARGV[at + 1]) end
    if final then
      finish(t, code, {})
    else
      move(t, code, { front = code == '1' })
      if code == '0' then hint('due', t.shape.queue) end
    end
    t.claim, t.deadline, t.cancel, t.settled, t.mark = '', '', '', token, markText
    return code
  end

  function settleOne(at)
    local id, token, guard, markText = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    local logs = tonumber(ARGV[at + 17])
    local follow = at + 18 + 3 * logs
    local behind = follow + 1 + tonumber(ARGV[follow])
    local t = load(id)
    if not t then return 'l', '', false, behind end
    if not guardHolds(t, token, guard) then
      local same = t.settled == token and t.mark == markText
      return same and 'y' or 'l', t.code, false, behind
    end
    local code = write(t, token, markText, at + 4)
    keepLogs(t, at + 18, logs)
    save(t)
    -- After the ending: a follow-up may take the unique key that its parent has just freed.
    local refused = behind > follow + 1 and enqueueAll(follow + 1)
    return 'a', code, refused, behind
  end

  -- A plain success of a task that has something to tell after all, or of one that is not running under this token.
  function settleSlowly(id, token, markText, result)
    local t = load(id)
    if not t then return answer('l', '', false) end
    if not guardHolds(t, token, 'c') then
      return answer(t.settled == token and t.mark == markText and 'y' or 'l', t.code, false)
    end
    keepResult(t, '+' .. result)
    keepBeside(t, 'e', '')
    t.outcome, t.reason = 'succeed', ''
    finish(t, '3', {})
    t.claim, t.deadline, t.cancel, t.settled, t.mark = '', '', '', token, markText
    save(t)
  end
end

-- ── plain successes ─────────────────────────────────────────────────────────────────────────────────────────

-- What ends a task with this tail and attempt, made once for all that share them; false: it is not that plain.
local function endingOf(t, attempt, token, markText, result)
  if t.claim .. '.' .. attempt ~= token or t.shape.key ~= '' or find(t.has, '[erx]') then return false end
  return { tail = t, attempt = attempt, ids = {}, key = keyOf(concat({
    FS .. t.session .. FS .. t.started .. FS .. FS, token .. FS .. markText, t.base,
    'succeed' .. FS .. FS .. now .. FS .. t.has .. 'r', t.shape.text, result }, LS)) }
end

local function closeEnding(ending)
  local t, ids = ending.tail, ending.ids
  local shape, n = t.shape, #ids
  if n == 0 then return end
  stopRunning(t.session, t.claim, ids)
  count('2', shape.queue, -n)
  count('3', shape.queue, n)
  retainAll(shape.keep, ids)
  hint('change', shape.queue)
  tellAll(ids, shape, '3', ending.attempt)
end

local function closePlan(plan, text)
  local ended = plan.ending.ids
  local before = #ended
  for i = 1, plan.n do ended[before + i] = plan.ids[i] end
  putAll(plan.ids, text, plan.head, plan.ending.key)
end

local function settlePlain(ids, token, markText, result)
  local endings, plans = {}, {}
  -- How rows with this text end; false: they are to be looked at one by one.
  local function planOf(text)
    local parts = partsOf(text)
    if not parts or parts.code ~= '2' then return false end
    local name = parts.attempt .. FS .. parts.key
    if endings[name] == nil then
      endings[name] = endingOf(tailOf(parts.key), parts.attempt, token, markText, result)
    end
    local ending = endings[name]
    if not ending then return false end
    local head = '3' .. FS .. parts.place .. FS .. parts.attempt
    return { n = 0, ids = {}, ending = ending, head = head, text = head .. LS .. ending.key }
  end
  for i = 1, #ids do
    local id = ids[i]
    local text = rows[id] or ''
    local plan = plans[text]
    if plan == nil then
      plan = text ~= '' and planOf(text)
      plans[text] = plan
    end
    if plan then
      local n = plan.n + 1
      plan.n, plan.ids[n], rows[id] = n, id, plan.text
    else
      needOthers()
      settleSlowly(id, token, markText, result)
    end
    index = index + 1
  end
  for text, plan in pairs(plans) do if plan then closePlan(plan, text) end end
  for _, ending in pairs(endings) do if ending then closeEnding(ending) end end
end

-- ── all of them ─────────────────────────────────────────────────────────────────────────────────────────────

local at, ids, plain = 4, {}, {}
for part = 1, tonumber(ARGV[3]) do
  if ARGV[at] == 'p' then
    plain[part] = idsOf(ARGV[at + 4])
    prefetch(plain[part])
    at = at + 5
  else
    ids[#ids + 1] = ARGV[at + 1]
    local follow = at + 19 + 3 * tonumber(ARGV[at + 18])
    at = follow + 1 + tonumber(ARGV[follow])
  end
end
prefetch(ids)
at = 4
for part = 1, tonumber(ARGV[3]) do
  if ARGV[at] == 'p' then
    settlePlain(plain[part], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
    at = at + 5
  else
    needOthers()
    local status, code, refused
    status, code, refused, at = settleOne(at + 1)
    answer(status, code, refused)
    index = index + 1
  end
end
flush()
return answers
