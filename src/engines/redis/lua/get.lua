#!lua flags=no-writes
-- Records by id.
-- KEYS[1] prefix  ARGV[3] codes of the states that are wanted ('': all, also tasks that are not there), ARGV[4…] ids
-- Answers records, see beside.lua. O(n) for n ≤ 1,000 ids
--@ unit rows beside
local ids, codes = {}, ARGV[3]
for i = 4, #ARGV do ids[i - 3] = ARGV[i] end
if codes == '' then return recordsOf(ids) end
-- Bodies of others are not read: a rare state among many tasks is looked for by their rows alone.
prefetch(ids)
local wanted = {}
for i = 1, #ids do
  local text = rows[ids[i]]
  if text and find(codes, codeOf(text), 1, true) then wanted[#wanted + 1] = ids[i] end
end
return recordsOf(wanted)
