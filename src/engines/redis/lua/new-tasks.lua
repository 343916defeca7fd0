-- Enqueueing, shared by the verb itself, by settle (follow-ups) and by fire (ticks).
-- Arguments, from an index on: number of shapes; for each its text and its priority; number of runs; for each run
-- either 'p' (plain: due now, nothing else), shape, ids parted by IS, a body for each, or 'n' (anything else), shape, id, body,
-- due kind (a: after, t: at), due, expires kind ('': never), expires, hold of the unique key ('':
-- until final), minted (1 or '').
-- Answers refusals and waiting ones only: flat (index, outcome, id, state) of items that are not `created` and ready.

local CREATED, EXISTING, DUPLICATE, CONFLICT = 'c', 'e', 'd', 'x'

local instant, digestOf, identityOf, create, enqueueOne
local function needSpecial()
  if instant then return end
  needTask()

  function instant(kind, value)
    return kind == 'a' and int(NOW + value) or value
  end

  function digestOf(body) return match(body, '^[^\30\31]*') end

  -- What an id that is not free answers; nil: it is free.
  function identityOf(id, body, minted)
    local text = row(id)
    if text then
      local same = digestOf(call('HGET', P .. 'b', id) or '') == digestOf(body)
      return same and EXISTING or CONFLICT, id, codeOf(text)
    end
    local buried = not minted and call('HGET', P .. 't', id)
    if not buried then return nil end
    local known = match(buried, '^(.*)\31%d+$')
    if known == digestOf(body) then return EXISTING, id, '3' end
    return CONFLICT, id, ''
  end

  function create(shape, priority, at)
    local id, body = ARGV[at], ARGV[at + 1]
    local t = { id = id, shape = shape, short = '', place = '', attempt = '0', claim = '', session = '', started = '',
      deadline = '', cancel = '', settled = '', mark = '', created = now, priority = priority, failures = '',
      crashes = '', losses = '', releases = '', snoozes = '', first = '', outcome = '', reason = '', finished = '', has = '' }
    t.runAt = instant(ARGV[at + 2], ARGV[at + 3])
    t.expires = ARGV[at + 4] == '' and '' or instant(ARGV[at + 4], ARGV[at + 5])
    t.till = (shape.key == '' or ARGV[at + 6] == '') and '' or int(NOW + ARGV[at + 6])
    t.code = tonumber(t.runAt) <= NOW and '1' or '0'
    if t.code == '1' then t.place = tostring(call('HINCRBY', P .. 'm', 'place', 1)) end
    local entry = entryOf(shape, tonumber(t.place))
    entry[#entry + 1] = id
    t.entry = entry[1]
    enter(t)
    list(t.code, shape, id, now)
    if shape.group ~= '' then rank(P .. 'g:' .. shape.group, id, now) end
    if shape.parent ~= '' then rank(P .. 'h:' .. shape.parent, id, now) end
    if shape.key ~= '' then takeKey(shape.key, id, t.till) end
    call('HSET', P .. 'b', id, body)
    save(t)
    tell(id, shape, t.code, '0')
    if t.code == '0' then hint('due', shape.queue) end
    return t.code
  end

  -- One item of any kind.
  function enqueueOne(shape, priority, at, minted)
    local outcome, id, state = identityOf(ARGV[at], ARGV[at + 1], minted)
    if outcome then return outcome, id, state end
    local holder = shape.key ~= '' and holderOf(shape.key)
    if holder then return DUPLICATE, holder, codeOf(row(holder)) end
    return CREATED, ARGV[at], create(shape, priority, at)
  end
end

-- Items that are due now and have nothing special, their bodies in ARGV behind `at`. Answers those whose id is taken.
local function enqueuePlain(shape, priority, ids, at)
  local n, taken, fresh, seen, bodies = #ids, {}, {}, {}, {}
  prefetch(ids)
  for i = 1, n do
    local id = ids[i]
    if rows[id] or seen[id] then
      taken[#taken + 1] = i
    else
      local k = #fresh + 1
      fresh[k], seen[id] = id, true
      bodies[2 * k - 1], bodies[2 * k] = id, ARGV[at + i]
    end
  end
  if #fresh == 0 then return taken end
  local lane = priority .. FS .. shape.queue
  -- Those whose id is taken have a place, too: an index counts all.
  local first = call('HINCRBY', P .. 'm', 'place', n) - n
  local entry = entryOf(shape, first + 1)
  local tail = FS .. FS .. FS .. FS .. LS .. FS .. LS .. FS .. now .. FS .. now .. FS .. FS .. priority ..
    string.rep(FS, 6) .. entry[1] .. FS .. int(first) .. LS .. FS .. FS .. FS .. LS .. shape.text .. LS
  if #fresh >= SHARED then tail = share(tail, #fresh) end
  -- Behind what this unit has pushed before, which is only gathered yet.
  local key = P .. 'q:' .. lane
  local list = pushes[key] or {}
  pushes[key] = list
  local text, listed, pushed = '1' .. FS .. '=' .. FS .. '0' .. LS .. tail, #entry, #list
  for i = 1, #fresh do
    local id = fresh[i]
    putNew(id, text)
    entry[listed + i], list[pushed + i] = id, id
  end
  many('HSET', P .. 'b', bodies)
  count('1', lane, #fresh)
  tellAll(fresh, shape, '1', '0')
  return taken
end

-- Enqueues what begins at ARGV[at]; answers the refusals and the index behind the last argument.
local function enqueueAll(at)
  local kinds, refused, index = {}, {}, 0
  local shapeCount = tonumber(ARGV[at])
  for i = 1, shapeCount do kinds[i] = { shapeOf(ARGV[at + 2 * i - 1]), ARGV[at + 2 * i] } end
  at = at + 2 * shapeCount + 1
  local runCount = tonumber(ARGV[at])
  at = at + 1
  local function refuse(i, outcome, id, state)
    if outcome == CREATED and state == '1' then return end
    local n = #refused
    refused[n + 1], refused[n + 2], refused[n + 3], refused[n + 4] = i, outcome, id, state
  end
  for _ = 1, runCount do
    local kind = kinds[tonumber(ARGV[at + 1])]
    if ARGV[at] == 'p' then
      local ids = idsOf(ARGV[at + 2])
      local taken = enqueuePlain(kind[1], kind[2], ids, at + 2)
      for i = 1, #taken do
        local n = taken[i]
        needSpecial()
        refuse(index + n - 1, identityOf(ids[n], ARGV[at + 2 + n], true))
      end
      index, at = index + #ids, at + 3 + #ids
    else
      needSpecial()
      refuse(index, enqueueOne(kind[1], kind[2], at + 2, ARGV[at + 9] == '1'))
      index, at = index + 1, at + 10
    end
  end
  return refused, at
end
