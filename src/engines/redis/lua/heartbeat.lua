#!lua flags=allow-oom
-- heartbeat: renews leases, and tells what the store believes each session runs.
-- KEYS[1] prefix  ARGV[3…] for each: session, renew (1 or 0), draining (1 or 0)
-- Answers {now, paused queues, wait ('': none), then for each: false (gone) or flat (id, token, started, cancel)}
-- O(n) for n running tasks of the session, read in slices of 1,000
--@ unit rows gathered session-rows task beside lanes

local function runningOf(session)
  local ids, answer = call('SMEMBERS', P .. 'r:' .. session), {}
  prefetch(ids)
  for i = 1, #ids do
    local parts = partsOf(rows[ids[i]])
    if parts and parts.code == '2' then
      local t, n = tailOf(parts.key), #answer
      answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] =
        ids[i], t.claim .. '.' .. parts.attempt, t.started, t.cancel
    end
  end
  return answer
end

local first
local queues = openQueues(nil)
for i = 1, #queues do
  local due = firstDue(queues[i])
  if due and (not first or due < first) then first = due end
end
local answers = { now, call('SMEMBERS', P .. 'paused'), first and int(math.max(0, first - NOW)) or '' }
for at = 3, #ARGV, 3 do
  local s = loadSession(ARGV[at])
  if not s or s.state == 'd' then
    answers[#answers + 1] = false
  else
    if ARGV[at + 1] == '1' then
      s.expires, s.beat, s.seen, s.draining = int(NOW + s.lease), int(s.beat + 1), now, ARGV[at + 2]
      saveSession(s)
    end
    answers[#answers + 1] = runningOf(s.id)
  end
end
return answers
