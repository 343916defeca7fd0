#!lua flags=allow-oom
-- startSession and endSession.
-- KEYS[1] prefix  ARGV[3] 'start' or 'end', then for each: (session, lease, host, name, fixed JSON) or
--   (session, cause, culprits JSON or '')
-- Answers for each: started, exists; ended, already, absent. O(log N) each
--@ unit gathered session-rows
local answers = {}
if ARGV[3] == 'start' then
  for at = 4, #ARGV, 5 do answers[#answers + 1] = startSession(ARGV[at], ARGV[at + 1], ARGV[at + 3], ARGV[at + 4]) end
else
  for at = 4, #ARGV, 3 do answers[#answers + 1] = endSession(ARGV[at], ARGV[at + 1], ARGV[at + 2]) end
end
flushHints()
return answers
