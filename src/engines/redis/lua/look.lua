#!lua flags=no-writes
-- What is known of a store before anything is done with it. A key of another type would make a script fail half-way,
-- and what it has written by then would stay: it is looked for here.
-- KEYS[1] prefix
-- Answers {version or '', instance id or '', first key of a wrong type or ''}. O(1)
--@ unit
local TYPES = {
  hash = 's b y m e p x u t st ss si w sch n0 n1 n2 n3 n4 n5',
  zset = 'ex tz live dead wz schd',
  set = 'rs keeps runs paused',
  stream = 'c',
}
local wrong = ''
for type, names in pairs(TYPES) do
  for name in string.gmatch(names, '%S+') do
    local found = call('TYPE', P .. name).ok
    if found ~= 'none' and found ~= type then wrong = name end
  end
end
if wrong ~= '' then return { '', '', wrong } end
local meta = call('HMGET', P .. 'm', 'schema', 'instance')
return { meta[1] or '', meta[2] or '', '' }
