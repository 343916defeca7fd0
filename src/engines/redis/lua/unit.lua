-- One unit of work: its keys and its time, and the words that every script is written in.
-- Shared by every script (joined before it at load). Leaves rows and what else is written to rows.lua and gathered.lua.
--
-- KEYS[1]  prefix of all keys of the namespace, with its hash tag: the other keys are made from it
-- ARGV[1]  engine time in ms; '' for the server's own clock
-- ARGV[2]  'q': say nothing of ends, for the caller has just done so and will again
local FS, LS, IS = '\31', '\30', '\29'
local call, concat, match, find, sub = redis.call, table.concat, string.match, string.find, string.sub
local floor, min = math.floor, math.min
local P = KEYS[1]

-- Above 14 digits Lua writes numbers in exponent form.
local function int(n) return string.format('%.0f', n) end

local now = ARGV[1]
if now == '' then
  local time = call('TIME')
  now = int(time[1] * 1000 + floor(time[2] / 1000))
end
local NOW = tonumber(now)
local quiet = ARGV[2] == 'q'

-- Ids that came as one text.
local function idsOf(text)
  local ids, n = {}, 0
  for id in string.gmatch(text, '[^\29]+') do
    n = n + 1
    ids[n] = id
  end
  return ids
end

-- A command with any number of members: unpack has a limit.
local function many(name, key, list)
  for i = 1, #list, 4000 do call(name, key, unpack(list, i, min(i + 3999, #list))) end
end
