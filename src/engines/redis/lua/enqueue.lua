#!lua
-- enqueue. Refused as a whole, before it starts, where the store is at its memory limit.
-- KEYS[1] prefix  ARGV[3…] tasks, see new-tasks.lua
-- Answers flat (index, outcome, id, state) of what is not created and ready.  O(n log N) for n ≤ 1,000 tasks
--@ unit rows gathered task new-tasks
local refused = enqueueAll(3)
flush()
return refused
