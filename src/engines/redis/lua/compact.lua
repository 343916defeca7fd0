-- Dropping stale entries from lists of ready tasks: from the head as long as it is stale, and, when a quarter of a list
-- is stale, also from behind what is live, which moves to the set that is read before the list.
-- Each new stale entry pays for looking at a few, so a list never holds many more than a quarter. Promises to look at
-- no more than 1,000 entries in all.
local PAID, ALWAYS = 8, 16

-- Goes through the head of a lane's list; true: it stopped where more should go.
local function compactLane(lane, fresh)
  local stale = tonumber(call('HGET', P .. 'st', lane)) or 0
  if stale == 0 then return false end
  local key = P .. 'q:' .. lane
  local entries = call('LRANGE', key, 0, min(PAID * fresh + ALWAYS, BUDGET - looked) - 1)
  if #entries == 0 then return false end
  looked = looked + #entries
  local sparse = stale * 4 < call('LLEN', key)
  local ids = {}
  for i = 1, #entries do ids[i] = idOf(entries[i]) end
  prefetch(ids)
  local gone, dropped, moved = 0, 0, {}
  for i = 1, #entries do
    local live = isLive(entries[i], ids[i])
    if live and sparse then break end
    gone = i
    if live then
      moved[#moved + 1] = placeOfFirst(ids[i])
      moved[#moved + 1] = ids[i]
    else
      dropped = dropped + 1
    end
  end
  if #moved > 0 then many('ZADD', P .. 'z:' .. lane, moved) end
  if gone > 0 then call('LPOP', key, gone) end
  if dropped > 0 and call('HINCRBY', P .. 'st', lane, -dropped) <= 0 then call('HDEL', P .. 'st', lane) end
  return gone == #entries and stale > dropped
end

-- `lanes`: how many entries of each have just become stale. Answers the lanes in which more should go.
local function compact(lanes)
  local more = {}
  for lane, fresh in pairs(lanes) do
    if looked >= BUDGET or compactLane(lane, fresh) then more[#more + 1] = lane end
  end
  return more
end
