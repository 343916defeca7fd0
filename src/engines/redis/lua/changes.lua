#!lua flags=no-writes
-- A part of the changes feed.
-- KEYS[1] prefix  ARGV[3] first cursor that is wanted ('': none), ARGV[4] how many changes
-- Answers {newest cursor, first kept cursor or '', flat (first cursor, entry)…}; an entry is its number of changes and
-- their time, then flat (what changes have in common, their ids). O(n) for n ≤ 1,000 entries
--@ unit
local key = P .. 'c'
local oldest = call('XRANGE', key, '-', '+', 'COUNT', 1)
local answer = { tonumber(call('HGET', P .. 'm', 'change')) or 0, oldest[1] and match(oldest[1][1], '^%d+') or '' }
if ARGV[3] == '' then return answer end
local wanted, have = tonumber(ARGV[4]), 0
local from = int(ARGV[3])
-- The entry that holds a cursor is the last one that begins at or before it.
local holding = call('XREVRANGE', key, from, '-', 'COUNT', 1)
local at = holding[1] and holding[1][1] or '-'
while have < wanted do
  local entries = call('XRANGE', key, at, '+', 'COUNT', 16)
  if #entries == 0 then break end
  for i = 1, #entries do
    local first, entry = match(entries[i][1], '^%d+'), entries[i][2]
    answer[#answer + 1] = first
    answer[#answer + 1] = entry
    local last = first + entry[1] - 1
    if last >= tonumber(from) then have = have + last - math.max(first, tonumber(from)) + 1 end
    at = '(' .. entries[i][1]
    if have >= wanted then break end
  end
end
return answer
