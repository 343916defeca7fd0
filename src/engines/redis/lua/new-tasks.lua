-- Enqueueing, shared by the verb itself, by settle (follow-ups) and by fire (ticks).
-- Arguments, from an index on: number of shapes; for each its text and its priority; number of runs; for each run
-- either 'p' (plain: due now, nothing else), shape, n, then n times (id, digest, body), or 'n' (anything else), shape,
-- id, digest, body, due kind (a: after, t: at), due, expires kind ('': never), expires, hold of the unique key ('':
-- until final), minted (1 or '').
-- Answers refusals and waiting ones only: flat (index, outcome, id, state) of items that are not `created` and ready.

local CREATED, EXISTING, DUPLICATE, CONFLICT = 'c', 'e', 'd', 'x'

local function instant(kind, value)
  return kind == 'a' and int(NOW + value) or value
end

-- What an id that is not free answers; nil: it is free.
local function identityOf(id, digest, minted)
  local t = load(id)
  if t then return t.digest == digest and EXISTING or CONFLICT, id, t.code end
  local buried = not minted and call('HGET', P .. 't', id)
  if not buried then return nil end
  local known = match(buried, '^(.*)\31%d+$')
  if known == digest then return EXISTING, id, '3' end
  return CONFLICT, id, ''
end

local function create(shape, priority, at)
  local id, digest, body = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local t = { id = id, shape = shape, short = '', place = '', attempt = '0', claim = '', session = '', started = '',
    deadline = '', cancel = '', settled = '', mark = '', created = now, priority = priority, failures = '',
    crashes = '', losses = '', releases = '', snoozes = '', digest = digest, outcome = '', reason = '', finished = '',
    has = '' }
  t.runAt = instant(ARGV[at + 3], ARGV[at + 4])
  t.expires = ARGV[at + 5] == '' and '' or instant(ARGV[at + 5], ARGV[at + 6])
  t.till = (shape.key == '' or ARGV[at + 7] == '') and '' or int(NOW + ARGV[at + 7])
  t.code = tonumber(t.runAt) <= NOW and '1' or '0'
  if t.code == '1' then t.place = tostring(call('HINCRBY', P .. 'm', 'place', 1)) end
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
local function enqueueOne(shape, priority, at, minted)
  local outcome, id, state = identityOf(ARGV[at], ARGV[at + 1], minted)
  if outcome then return outcome, id, state end
  local holder = shape.key ~= '' and holderOf(shape.key)
  if holder then return DUPLICATE, holder, stateOf(row(holder)) end
  return CREATED, ARGV[at], create(shape, priority, at)
end

-- Items that are due now and have nothing special; `first` is the index of the first, in ARGV at `at`.
local function enqueuePlain(shape, priority, n, at, taken)
  local ids = {}
  for i = 1, n do ids[i] = ARGV[at + 3 * (i - 1)] end
  prefetch(ids)
  local fresh, seen = {}, {}
  for i = 1, n do
    if rows[ids[i]] or seen[ids[i]] then
      taken[#taken + 1] = i
    else
      fresh[#fresh + 1] = at + 3 * (i - 1)
      seen[ids[i]] = true
    end
  end
  if #fresh == 0 then return end
  local place = call('HINCRBY', P .. 'm', 'place', #fresh) - #fresh
  local middle = FS .. '0' .. string.rep(FS, 7) .. LS .. FS .. now .. FS .. now .. FS .. FS .. priority ..
    string.rep(FS, 6)
  local tail = LS .. FS .. FS .. FS .. LS .. shape.text .. LS
  local bodies, entries, created = {}, {}, {}
  for i = 1, #fresh do
    local from = fresh[i]
    local id = ARGV[from]
    local number = place + i
    put(id, '1' .. FS .. number .. middle .. ARGV[from + 1] .. tail)
    bodies[2 * i - 1], bodies[2 * i] = id, ARGV[from + 2]
    entries[i] = number .. FS .. id
    created[2 * i - 1], created[2 * i] = now, id
    tell(id, shape, '1', '0')
  end
  local lane = priority .. FS .. shape.queue
  local name = 'h' .. FS .. shape.lane
  many('HSET', P .. 'b', bodies)
  -- Behind what this unit has pushed before, which is only gathered yet.
  local list = pushes[P .. 'q:' .. lane]
  if list then for i = 1, #entries do list[#list + 1] = entries[i] end else pushes[P .. 'q:' .. lane] = entries end
  many('ZADD', P .. 'i:' .. name, created)
  if not listed[name] then
    listed[name] = true
    call('SADD', P .. 'runs', name)
  end
  count('1', lane, #fresh)
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
      local n, taken = tonumber(ARGV[at + 2]), {}
      enqueuePlain(kind[1], kind[2], n, at + 3, taken)
      for i = 1, #taken do
        local from = at + 3 + 3 * (taken[i] - 1)
        refuse(index + taken[i] - 1, identityOf(ARGV[from], ARGV[from + 1], true))
      end
      index, at = index + n, at + 3 + 3 * n
    else
      refuse(index, enqueueOne(kind[1], kind[2], at + 2, ARGV[at + 10] == '1'))
      index, at = index + 1, at + 11
    end
  end
  return refused, at
end
