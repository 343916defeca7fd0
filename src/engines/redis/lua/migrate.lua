#!lua
-- migrate: makes the store, or leaves a newer one alone.
-- KEYS[1] prefix  ARGV[3] version of this program, ARGV[4] instance id if there is none
-- Answers {version found, version now, instance id}. O(1)
--@ unit
local meta = P .. 'm'
local from = tonumber(call('HGET', meta, 'schema')) or 0
local to = tonumber(ARGV[3])
if from < to then
  call('HSETNX', meta, 'instance', ARGV[4])
  call('HSET', meta, 'schema', ARGV[3])
end
return { from, math.max(from, to), call('HGET', meta, 'instance') }
