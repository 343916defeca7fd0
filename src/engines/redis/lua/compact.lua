-- Dropping stale entries from lists of ready tasks: from the head as long as it is stale, and, when a quarter of a list
-- is stale, also from behind what is live, which moves to the set that is read before the list.
-- Promises to look at no more than 1,000 entries in all.

local function compactLane(lane)
  local stale = tonumber(call('HGET', P .. 'st', lane)) or 0
  if stale == 0 then return end
  local key = P .. 'q:' .. lane
  local entries = call('LRANGE', key, 0, min(2 * stale, BUDGET - looked) - 1)
  if #entries == 0 then return end
  looked = looked + #entries
  local dense = stale * 4 < call('LLEN', key)
  local ids, places = {}, {}
  for i = 1, #entries do places[i], ids[i] = match(entries[i], '^(%d+)\31(.*)$') end
  prefetch(ids)
  local gone, dropped, moved = 0, 0, {}
  for i = 1, #entries do
    local text = rows[ids[i]]
    local live = text and find(text, '1' .. FS .. places[i] .. FS, 1, true) == 1
    if live and dense then break end
    gone = i
    if live then
      moved[#moved + 1] = places[i]
      moved[#moved + 1] = ids[i]
    else
      dropped = dropped + 1
    end
  end
  if #moved > 0 then many('ZADD', P .. 'z:' .. lane, moved) end
  if gone > 0 then call('LPOP', key, gone) end
  if dropped > 0 and call('HINCRBY', P .. 'st', lane, -dropped) <= 0 then call('HDEL', P .. 'st', lane) end
end

local function compact(lanes)
  for lane in pairs(lanes) do
    if looked < BUDGET then compactLane(lane) end
  end
end
