#!lua flags=allow-oom
-- settle: how running attempts end. The token alone guards; what an ending means was decided before.
-- KEYS[1] prefix  ARGV[3] number of settlements, then for each either
--   'p' (plain success), id, token, mark, result
--   'f', id, token, guard (c r o), mark, code it goes to, delay, kind, reason, result ('-': none, else '+' and the text),
--   error, kept (JSON for the journal), worth keeping (1: has warnings), failures, crashes, losses, releases, snoozes,
--   number of log lines, (at, level, message)…, number of arguments of the follow-ups, follow-ups (see new-tasks.lua)
-- Answers flat (status, code, refused follow-ups or false) for each. O(n log N), n ≤ 1,000 with their follow-ups
--@ unit task new-tasks
local RUNNING = '^2\31(%d*)\31(%d+)\31([^\31]*)\31([^\31]*)\31(%d*)\31%d*\31%d*\31[^\30]*\30([^\30]*)\30[^\31]*\31[^\31]*\31%d*\31([^\30]*)\30([^\30]*)\30(.*)$'
local answers = {}
local stopped, ended = {}, {}

local function plain(id, token, markText, result)
  local text = row(id)
  if not text then return nil end
  local place, attempt, claim, session, started, base, flags, shapeText = match(text, RUNNING)
  if not place or claim .. '.' .. attempt ~= token or find(flags, '[epr]') then return nil end
  local shape = shapeOf(shapeText)
  if shape.key ~= '' then return nil end
  put(id, '3' .. FS .. place .. FS .. attempt .. FS .. FS .. session .. FS .. started .. FS .. FS .. FS .. token .. FS ..
    markText .. LS .. base .. LS .. 'succeed' .. FS .. FS .. now .. FS .. flags .. 'r' .. LS .. shapeText .. LS .. result)
  local group = session .. FS .. claim
  local ids = stopped[group]
  if ids then ids[#ids + 1] = id else stopped[group] = { id } end
  local keep = P .. 'f:' .. shape.keep
  local scores = ended[keep]
  if not scores then
    scores = {}
    ended[keep] = scores
    call('SADD', P .. 'keeps', shape.keep)
  end
  scores[#scores + 1] = now
  scores[#scores + 1] = id
  count('2', shape.queue, -1)
  count('3', shape.queue, 1)
  tell(id, shape, '3', attempt)
  hint('change', shape.queue)
  return true
end

-- ── any other ending ────────────────────────────────────────────────────────────────────────────────────────

local function guardHolds(t, token, guard)
  if t.code ~= '2' or t.claim .. '.' .. t.attempt ~= token then return false end
  if guard == 'r' then return not call('ZSCORE', P .. 'live', t.session) end
  if guard == 'o' then return t.deadline ~= '' and tonumber(t.deadline) <= NOW end
  return true
end

local function charge(t, at)
  local names = { 'failures', 'crashes', 'losses', 'releases', 'snoozes' }
  for i = 1, 5 do
    local by = tonumber(ARGV[at + i - 1])
    if by ~= 0 then t[names[i]] = int((tonumber(t[names[i]]) or 0) + by) end
  end
end

local function keepResult(t, result)
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
local function write(t, token, markText, at)
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

local function settleOne(at)
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

-- What a plain settlement that is not one after all means in full: 14 words between mark and follow-ups.
local function settlePlainSlowly(at)
  local id, token, markText, result = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local t = load(id)
  if not t then return 'l', '' end
  if not guardHolds(t, token, 'c') then
    return t.settled == token and t.mark == markText and 'y' or 'l', t.code
  end
  keepResult(t, '+' .. result)
  keepBeside(t, 'e', '')
  t.outcome, t.reason = 'succeed', ''
  finish(t, '3', {})
  t.claim, t.deadline, t.cancel, t.settled, t.mark = '', '', '', token, markText
  save(t)
  return 'a', '3'
end

local n, at = tonumber(ARGV[3]), 4
local ids, peek = {}, 4
for i = 1, n do
  ids[i] = ARGV[peek + 1]
  if ARGV[peek] == 'p' then
    peek = peek + 5
  else
    local follow = peek + 19 + 3 * tonumber(ARGV[peek + 18])
    peek = follow + 1 + tonumber(ARGV[follow])
  end
end
prefetch(ids)
for i = 1, n do
  local status, code, refused = 'a', '3', false
  if ARGV[at] == 'p' then
    if not plain(ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]) then
      status, code = settlePlainSlowly(at + 1)
    end
    at = at + 5
  else
    status, code, refused, at = settleOne(at + 1)
  end
  answers[3 * i - 2], answers[3 * i - 1], answers[3 * i] = status, code, refused
end
for group, list in pairs(stopped) do
  local session, claim = match(group, '^([^\31]*)\31(.*)$')
  stopRunning(session, claim, list)
end
for key, scores in pairs(ended) do many('ZADD', key, scores) end
flush()
return answers
