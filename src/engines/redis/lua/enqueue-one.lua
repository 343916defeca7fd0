#!lua
-- enqueue of one plain task: the same as enqueue.lua does, in as few steps as can be. Most calls on a quiet store are this
-- one, nothing of it is in any cache by then, and the parts that larger calls share take longer to make than it all.
-- Refused as a whole, before it starts, where the store is at its memory limit.
-- KEYS[1] prefix  ARGV[3] id, body, shape, priority
-- Answers 1; or 0 when the id is taken, and nothing was done.  O(log N)
--@ unit
local id, shape, priority = ARGV[3], ARGV[5], ARGV[6]
if call('HSETNX', P .. 'b', id, ARGV[4]) == 0 then return 0 end
local queue, type = match(shape, '^([^\31]*)\31([^\31]*)')
local lane, index = priority .. FS .. queue, 'h' .. FS .. queue .. FS .. type
local place = call('HINCRBY', P .. 'm', 'place', 1)
local entry = string.format('%016d', place)
call('HSET', P .. 's', id, concat({ '1' .. FS .. '=' .. FS .. '0', FS .. FS .. FS .. FS, FS,
  FS .. now .. FS .. now .. FS .. FS .. priority .. string.rep(FS, 6) .. entry .. FS .. int(place - 1), FS .. FS .. FS,
  shape, '' }, LS))
call('RPUSH', P .. 'q:' .. lane, id)
call('ZADD', P .. 'i:' .. index, now, entry .. IS .. id)
call('SADD', P .. 'runs', index)
local change = call('HINCRBY', P .. 'm', 'change', 1)
call('XADD', P .. 'c', int(change) .. '-0', 1, now, type .. FS .. queue .. FS .. '1' .. FS .. '0', id)
if call('HINCRBY', P .. 'n1', lane, 1) == 1 then call('PUBLISH', P .. 'hints', 'work' .. FS .. queue) end
return 1
