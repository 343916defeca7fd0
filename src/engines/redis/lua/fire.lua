#!lua
-- fire: a tick fires only if the schedule still stands as it was read; its tasks and entries are one unit with it.
-- KEYS[1] prefix  ARGV[3] number, then for each: name, version, due, next due or '', number of journal entries,
--   (stream, key, at, body)…, number of arguments of the tasks, tasks (see new-tasks.lua)
-- Answers flat ('fired' or 'stale', refused tasks or false) for each. O(n log N), n ≤ 1,000 tasks
--@ unit rows gathered task new-tasks schedule-rows entries
local answers, at = {}, 4
for i = 1, tonumber(ARGV[3]) do
  local name, version, due, nextDue, count = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
  local entries = at + 5
  local follow = entries + 4 * count
  at = follow + 1 + tonumber(ARGV[follow])
  local s = loadSchedule(name)
  if s and s.version == version and s.due == due and s.paused == '0' then
    s.due, s.fired = nextDue, now
    saveSchedule(s)
    for j = entries, follow - 1, 4 do appendEntry(ARGV[j], ARGV[j + 1], ARGV[j + 2], ARGV[j + 3]) end
    answers[2 * i - 1], answers[2 * i] = 'fired', at > follow + 1 and enqueueAll(follow + 1)
  else
    answers[2 * i - 1], answers[2 * i] = 'stale', false
  end
end
flush()
return answers
