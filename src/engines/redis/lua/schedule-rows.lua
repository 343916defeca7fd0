-- One schedule as text, and its place among those that fall due.

local SCHEDULE = '^(%d+)\31(%d)\31(%d*)\31(%d*)\31(%d+)\31(.*)$'

local function loadSchedule(name)
  local text = call('HGET', P .. 'sch', name)
  if not text then return nil end
  local s = { name = name }
  s.version, s.paused, s.due, s.fired, s.updated, s.body = match(text, SCHEDULE)
  return s
end

local function saveSchedule(s)
  call('HSET', P .. 'sch', s.name, concat({ s.version, s.paused, s.due, s.fired, s.updated, s.body }, FS))
  if s.paused == '1' or s.due == '' then
    call('ZREM', P .. 'schd', s.name)
  else
    call('ZADD', P .. 'schd', s.due, s.name)
  end
end
