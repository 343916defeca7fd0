-- A task taken apart, and what follows from each change of its state: indexes, counts, unique key, changes feed.
-- Used where a change is not the common one; the common ones (plain enqueue, claim, plain success) write the same by
-- themselves. Promises that no way into or out of a state forgets an index.

local function laneOf(t) return t.priority .. FS .. t.shape.queue end

local function keepOf(t) return t.code == '3' and t.shape.keep or t.shape.keepDead end

local function stopRunning(session, claim, ids)
  many('SREM', P .. 'r:' .. session, ids)
  if call('HINCRBY', P .. 'k:' .. session, claim, -#ids) <= 0 then call('HDEL', P .. 'k:' .. session, claim) end
end

-- What most calls do not need is defined when it is needed for the first time: dozens of functions cost as much as the
-- work of a small call.
local load, placeOf, save, has, mark, unmark, keepBeside, list, leave, enter, move, holderOf, takeKey, freeKey,
  keepAttempt, finish, cancelWaiting, bury, keepLogs
local function needTask()
  if load then return end

  function load(id)
    local text = row(id)
    if not text then return nil end
    local parts = partsOf(text)
    local t = { id = id, code = parts.code, place = parts.place, attempt = parts.attempt }
    for name, value in pairs(tailOf(parts.key)) do t[name] = value end
    return t
  end

  -- The place of a task as a number.
  function placeOf(t)
    if t.place ~= '=' then return t.place end
    return int(t.first + indexOf(t.id))
  end

  function save(t)
    put(t.id, t.code .. FS .. t.place .. FS .. t.attempt, keyOf(
      concat({ t.claim, t.session, t.started, t.deadline, t.cancel }, FS) .. LS .. t.settled .. FS .. t.mark .. LS ..
      concat({ t.expires, t.runAt, t.created, t.till, t.priority, t.failures, t.crashes, t.losses, t.releases, t.snoozes,
      t.entry, t.first }, FS) .. LS .. t.outcome .. FS .. t.reason .. FS .. t.finished .. FS .. t.has .. LS ..
      t.shape.text .. LS .. t.short))
  end

  function has(t, flag) return find(t.has, flag, 1, true) ~= nil end
  function mark(t, flag) if not has(t, flag) then t.has = t.has .. flag end end
  function unmark(t, flag) t.has = (string.gsub(t.has, flag, '')) end

  -- What is kept beside the row, if it is: an error, progress, a long result.
  local KEPT = { e = 'e', p = 'p', x = 'x' }
  function keepBeside(t, flag, text)
    if text ~= '' then
      call('HSET', P .. KEPT[flag], t.id, text)
      mark(t, flag)
    elseif has(t, flag) then
      call('HDEL', P .. KEPT[flag], t.id)
      unmark(t, flag)
    end
  end

  -- States that few tasks are in have an index of creation of their own, beside the one of all tasks.
  local LISTS = { ['0'] = 's', ['4'] = 'd', ['5'] = 'c' }

  local listed = {}
  function list(code, shape, id, created)
    if not LISTS[code] then return end
    local name = LISTS[code] .. FS .. shape.lane
    rank(P .. 'i:' .. name, id, created)
    if created and not listed[name] then
      listed[name] = true
      call('SADD', P .. 'runs', name)
    end
  end

  -- Takes a task out of the indexes of its state. `popped`: its entry among the ready ones is gone already.
  function leave(t, popped)
    local code, queue = t.code, t.shape.queue
    if code == '0' then
      rank(P .. 'd:' .. queue, t.id, false)
    elseif code == '1' and not popped then
      if call('ZREM', P .. 'z:' .. laneOf(t), t.id) == 0 then call('HINCRBY', P .. 'st', laneOf(t), 1) end
    elseif code == '2' then
      stopRunning(t.session, t.claim, { t.id })
    end
    if code < '2' and t.expires ~= '' then rank(P .. 'ex', t.id, false) end
    count(code, code == '1' and laneOf(t) or queue, -1)
  end

  -- Puts a task into the indexes of its state. `front`: it goes back before all that were never taken.
  function enter(t, front)
    local code, queue = t.code, t.shape.queue
    if code == '0' then
      rank(P .. 'd:' .. queue, t.id, t.runAt)
    elseif code == '1' and front then
      t.place = placeOf(t)
      rank(P .. 'z:' .. laneOf(t), t.id, t.place)
    elseif code == '1' then
      push(P .. 'q:' .. laneOf(t), t.place .. FS .. t.id)
    elseif code > '2' then
      retainAll(keepOf(t), { t.id })
    end
    if code < '2' and t.expires ~= '' then rank(P .. 'ex', t.id, t.expires) end
    count(code, code == '1' and laneOf(t) or queue, 1)
  end

  -- From one state to another. Running is come to by claims only.
  function move(t, code, options)
    leave(t, options.popped)
    list(t.code, t.shape, t.id, false)
    list(code, t.shape, t.id, t.created)
    t.code = code
    if code == '0' then t.place = '' end
    if options.place then t.place = tostring(call('HINCRBY', P .. 'm', 'place', 1)) end
    if code > '2' then t.finished = now end
    enter(t, options.front)
    if not options.quiet then tell(t.id, t.shape, code, t.attempt) end
  end

  -- ── unique keys ─────────────────────────────────────────────────────────────────────────────────────────────

  -- The task that holds a key now; nil: it is free.
  function holderOf(key)
    local held = call('HGET', P .. 'u', key)
    if not held then return nil end
    local id, till = match(held, '^(.*)\31(%d*)$')
    if till ~= '' and tonumber(till) <= NOW then return nil end
    return row(id) and id or nil
  end

  function takeKey(key, id, till) call('HSET', P .. 'u', key, id .. FS .. till) end

  -- Its time may have lapsed and another task may hold the key since.
  function freeKey(key, id)
    if key == '' then return end
    local held = call('HGET', P .. 'u', key)
    if held and match(held, '^(.*)\31%d*$') == id then call('HDEL', P .. 'u', key) end
  end

  -- ── endings ─────────────────────────────────────────────────────────────────────────────────────────────────

  -- Puts an ended attempt into the journal of its task. `kept`: JSON with its error and warnings.
  function keepAttempt(t, ended, kind, reason, kept)
    call('RPUSH', P .. 'a:' .. t.id, concat({ t.attempt, t.session, t.started, ended, kind, reason, kept }, FS))
    call('LTRIM', P .. 'a:' .. t.id, -100, -1)
    mark(t, 'a')
  end

  function finish(t, code, options)
    move(t, code, options or {})
    if t.till == '' then freeKey(t.shape.key, t.id) end
    hint('change', t.shape.queue)
  end

  function cancelWaiting(t, reason, outcome, popped)
    t.reason, t.outcome = reason, outcome
    finish(t, '5', { popped = popped })
    save(t)
  end

  -- Takes a finished task away; its id stays taken for two days.
  function bury(t)
    local id, shape = t.id, t.shape
    freeKey(shape.key, id)
    list(t.code, shape, id, false)
    leaveIndex(shape, id, t.created, t.entry)
    if shape.group ~= '' then rank(P .. 'g:' .. shape.group, id, false) end
    if shape.parent ~= '' then rank(P .. 'h:' .. shape.parent, id, false) end
    count(t.code, shape.queue, -1)
    local digest = match(call('HGET', P .. 'b', id) or '', '^[^\30\31]*')
    call('HDEL', P .. 'b', id)
    for flag, key in pairs(KEPT) do if has(t, flag) then call('HDEL', P .. key, id) end end
    if has(t, 'a') or has(t, 'l') then call('UNLINK', P .. 'a:' .. id, P .. 'l:' .. id) end
    local till = int(NOW + 172800000)
    call('HSET', P .. 't', id, digest .. FS .. till)
    call('ZADD', P .. 'tz', till, id)
    tell(id, shape, '9', t.attempt)
    dels[#dels + 1] = id
    release(rows[id], 1)
    rows[id] = false
  end

  -- Log lines: `from` is the index in ARGV of the first of `n` triples.
  function keepLogs(t, from, n)
    for i = from, from + 3 * n - 1, 3 do
      call('XADD', P .. 'l:' .. t.id, 'MAXLEN', 1000, '0-*', 'a', ARGV[i], 'l', ARGV[i + 1], 'm', ARGV[i + 2])
    end
    if n > 0 then mark(t, 'l') end
  end
end
