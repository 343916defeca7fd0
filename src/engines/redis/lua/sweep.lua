#!lua flags=allow-oom
-- sweep, first part: the turn, leases, deaths by time; then what is expired and what is due.
-- KEYS[1] prefix  ARGV[3] every ('': needs no turn), ARGV[4] extend, ARGV[5] declare (1 or 0), ARGV[6] limit
-- Answers false (not its turn) or {declared dead, number expired, number promoted}. O(n log N), n ≤ limit ≤ 1,000
--@ unit rows gathered session-rows task beside lanes
needTask()
local every = ARGV[3]
if every ~= '' then
  local last = call('HGET', P .. 'm', 'swept')
  if last and NOW - last < tonumber(every) then return false end
  call('HSET', P .. 'm', 'swept', now)
end
if ARGV[4] == '1' then
  local ids = call('ZRANGE', P .. 'live', 0, -1)
  for i = 1, #ids do
    local s = loadSession(ids[i])
    if s then
      s.expires = int(NOW + s.lease)
      saveSession(s)
    else
      call('ZREM', P .. 'live', ids[i])
    end
  end
end
local dead = {}
if ARGV[5] == '1' then
  dead = call('ZRANGEBYSCORE', P .. 'live', '-inf', now, 'LIMIT', 0, 1000)
  for i = 1, #dead do
    local s = loadSession(dead[i])
    if s then declareDead(s, 'expired', '') else call('ZREM', P .. 'live', dead[i]) end
  end
end
local limit = min(tonumber(ARGV[6]), 1000)
local old = call('ZRANGEBYSCORE', P .. 'ex', '-inf', now, 'LIMIT', 0, limit)
prefetch(old)
for i = 1, #old do cancelWaiting(load(old[i]), 'expired', 'expire') end
settleStore()
local promoted = promote(openQueues(nil), limit)
flush()
return { dead, #old, promoted }
