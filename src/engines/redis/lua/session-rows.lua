-- Sessions: a row with what changes (state lease beat seen expires draining started ended cause culprits) and a fixed
-- text beside it. Live ones are also ranked by the end of their lease, dead ones by the time of their death.

local SESSION = '^(%l)\31(%d+)\31(%d+)\31(%d+)\31(%d+)\31(%d)\31(%d+)\31(%d*)\31(%l*)\31(.*)$'

local function loadSession(id)
  local text = call('HGET', P .. 'ss', id)
  if not text then return nil end
  local s = { id = id }
  s.state, s.lease, s.beat, s.seen, s.expires, s.draining, s.started, s.ended, s.cause, s.culprits =
    match(text, SESSION)
  return s
end

local function saveSession(s)
  call('HSET', P .. 'ss', s.id, concat({ s.state, s.lease, s.beat, s.seen, s.expires, s.draining, s.started, s.ended,
    s.cause, s.culprits }, FS))
  if s.state == 'l' then call('ZADD', P .. 'live', s.expires, s.id) end
end

local function startSession(id, lease, name, fixed)
  if call('HEXISTS', P .. 'ss', id) == 1 then return 'exists' end
  saveSession({ id = id, state = 'l', lease = lease, beat = '0', seen = now, expires = int(NOW + lease), draining = '0',
    started = now, ended = '', cause = '', culprits = '' })
  call('HSET', P .. 'si', id, fixed)
  call('SADD', P .. 'rs', id)
  -- Attempts tell the name of a worker long after its session is forgotten.
  call('HSET', P .. 'w', id, name)
  call('ZADD', P .. 'wz', now, id)
  return 'started'
end

local function declareDead(s, cause, culprits)
  s.state, s.cause, s.culprits, s.ended = 'd', cause, culprits, now
  saveSession(s)
  call('ZREM', P .. 'live', s.id)
  call('ZADD', P .. 'dead', now, s.id)
  hints['any' .. FS] = true
end

local function endSession(id, cause, culprits)
  local s = loadSession(id)
  if not s then return 'absent' end
  if s.state == 'd' then return 'already' end
  declareDead(s, cause, culprits)
  return 'ended'
end
