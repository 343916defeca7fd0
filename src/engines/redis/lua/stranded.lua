#!lua flags=allow-oom
-- sweep, second part: running tasks that nobody runs, and overdue ones, in the order (session, id).
-- KEYS[1] prefix  ARGV[3] session and ARGV[4] id behind which to go on, ARGV[5] grace, ARGV[6] how many are wanted
-- Answers {next session or false, next id, then for each session that has any: session, live (1 or 0), cause ('':
-- missing), culprits, records (see beside.lua)}. O(n log n): stops at the session in which it has seen 1,000 rows, and
-- at what one answer may hold
--@ unit rows session-rows beside
local limit = NOW - tonumber(ARGV[5])
local wanted, seen, weighed = tonumber(ARGV[6]), 0, 0
local answer = { false, '' }
local sessions = call('SMEMBERS', P .. 'rs')
table.sort(sessions)

local function strandedOf(session, live, after)
  local ids, found = call('SMEMBERS', P .. 'r:' .. session), {}
  table.sort(ids)
  if #ids == 0 and not live then call('SREM', P .. 'rs', session) end
  for i = 1, #ids, 1000 do
    local part = {}
    for j = i, min(i + 999, #ids) do if ids[j] > after then part[#part + 1] = ids[j] end end
    prefetch(part)
    seen = seen + #part
    for j = 1, #part do
      local parts = partsOf(rows[part[j]])
      local deadline = parts and parts.code == '2' and tailOf(parts.key).deadline
      if deadline and (not live or (deadline ~= '' and tonumber(deadline) <= limit)) then found[#found + 1] = part[j] end
    end
    if #found > wanted then break end
  end
  return found
end

for i = 1, #sessions do
  local session = sessions[i]
  if session >= ARGV[3] then
    if seen >= 1000 then
      answer[1] = session
      break
    end
    local s = loadSession(session)
    local live = s and s.state == 'l'
    local found = strandedOf(session, live, session == ARGV[3] and ARGV[4] or '')
    local page = {}
    for j = 1, min(wanted, #found) do
      if weighed >= REPLY then break end
      weighed = weighed + tailOf(partsOf(rows[found[j]]).key).shape.weight
      page[j] = found[j]
    end
    if #page > 0 then
      local n = #answer
      answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4], answer[n + 5] =
        session, live and 1 or 0, s and s.cause or '', s and s.culprits or '', recordsOf(page)
    end
    wanted = wanted - #page
    if #found > #page then
      -- More wait behind the last one that was given.
      answer[1], answer[2] = session, page[#page] or (session == ARGV[3] and ARGV[4] or '')
      break
    end
  end
end
return answer
