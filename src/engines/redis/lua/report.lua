#!lua flags=allow-oom
-- report: progress and log lines of running attempts, fenced by the token.
-- KEYS[1] prefix  ARGV[3] number, then for each: id, token, progress ('': none), number of log lines, (at, level, message)…
-- Answers for each 'o' (ok), 'c' (a cancel was requested) or 'l' (lost). O(n) for n ≤ 1,000 reports and their lines
--@ unit rows gathered task
needTask()
local answers, at = {}, 4
for i = 1, tonumber(ARGV[3]) do
  local t = load(ARGV[at])
  local logs = tonumber(ARGV[at + 3])
  if not t or t.code ~= '2' or t.claim .. '.' .. t.attempt ~= ARGV[at + 1] then
    answers[i] = 'l'
  else
    local before = t.has
    if ARGV[at + 2] ~= '' then keepBeside(t, 'p', ARGV[at + 2]) end
    keepLogs(t, at + 4, logs)
    if t.has ~= before then save(t) end
    answers[i] = t.cancel == '' and 'o' or 'c'
  end
  at = at + 4 + 3 * logs
end
flush()
return answers
