-- The claim of a worker that waits, answered before the parts of larger claims are made: one request, and in all the
-- store one ready task, which stands where it was enqueued; no queue paused and nothing due. It does the same as
-- lanes.lua, in as few steps as can be; where anything is otherwise it has done nothing, and the whole way follows.
local function claimOnly()
  if ARGV[3] ~= '1' or ARGV[6] == '0' then return end
  local lanes = call('HRANDFIELD', P .. 'n1', 2, 'WITHVALUES')
  if #lanes ~= 2 or lanes[2] ~= '1' then return end
  local lane, asked, names = lanes[1], ARGV[7] ~= '-1', {}
  local queue, wanted = match(lane, '\31(.*)$'), not asked
  for i = 8, #ARGV do
    names[i - 7] = ARGV[i]
    wanted = wanted or ARGV[i] == queue
  end
  if not wanted or call('EXISTS', P .. 'paused') == 1 then return end

  local id = call('LINDEX', P .. 'q:' .. lane, 0)
  local row = id and call('HGET', P .. 's', id)
  if not row then return end
  -- A row as rows.lua describes it: ready at its first place, its tail not shared, nothing of an ending or a result.
  local attempt, before, base, shape, type, timeout = match(row, '^1\31=\31(%d+)\30[^\30]*\30([^\30]*)\30([^\30]*)\30' ..
    '\31\31\31\30([^\31]*\31([^\31]*)\31(%d*)[^\30]*)\30$')
  if not attempt or sub(base, 1, 1) ~= FS then return end

  local wait
  if not asked then names = call('HKEYS', P .. 'n0') end
  for i = 1, #names do
    local due = tonumber(call('ZRANGE', P .. 'd:' .. names[i], 0, 0, 'WITHSCORES')[2])
    if due and (not wait or due - NOW < wait) then wait = due - NOW end
  end
  local session, claimId = ARGV[4], ARGV[5]
  if wait and wait <= 0 or not call('ZSCORE', P .. 'live', session) then return end
  -- What was claimed under this id is told again.
  if call('HSETNX', P .. 'k:' .. session, claimId, 1) == 0 then return end

  local head = '2' .. FS .. '=' .. FS .. int(attempt + 1)
  local deadline = timeout == '' and '' or int(NOW + timeout)
  local tail = concat({ concat({ claimId, session, now, deadline, '' }, FS), before, base, FS .. FS .. FS, shape, '' }, LS)
  call('HSET', P .. 's', id, head .. LS .. tail)
  call('LPOP', P .. 'q:' .. lane)
  call('SADD', P .. 'r:' .. session, id)
  call('HDEL', P .. 'n1', lane)
  call('HINCRBY', P .. 'n2', queue, 1)
  local change = call('HINCRBY', P .. 'm', 'change', 1)
  call('XADD', P .. 'c', int(change) .. '-0', 1, now, concat({ type, queue, '2', int(attempt + 1) }, FS), id)
  local records = { { tail }, {}, head .. FS .. '1', id, call('HGET', P .. 'b', id) }
  return { 1, 0, wait and int(wait) or '', 0, 0, records }
end

local only = claimOnly()
if only then return { only } end
