-- What a record has beside its row: error, progress, long result, as one text; '' for the many that have none.

local function besideOf(id, flags)
  if not find(flags, '[epx]') then return '' end
  local error = find(flags, 'e', 1, true) and call('HGET', P .. 'e', id) or ''
  local progress = find(flags, 'p', 1, true) and call('HGET', P .. 'p', id) or ''
  local result = find(flags, 'x', 1, true) and call('HGET', P .. 'x', id) or ''
  return error .. LS .. progress .. LS .. result
end

local FLAGS = '^[^\30]*\30[^\30]*\30[^\31]*\31[^\31]*\31%d*\31([^\30]*)'

-- Appends (id, row, body, beside) of each id to a list; of an unknown one false for the row.
local function appendRecords(list, ids)
  if #ids == 0 then return end
  prefetch(ids)
  for i = 1, #ids, 1000 do
    local last = min(i + 999, #ids)
    local bodies = call('HMGET', P .. 'b', unpack(ids, i, last))
    for j = i, last do
      local id, n = ids[j], #list
      local text = rows[id]
      list[n + 1], list[n + 2], list[n + 3] = id, text or '', bodies[j - i + 1] or ''
      list[n + 4] = text and besideOf(id, match(text, FLAGS)) or ''
    end
  end
end
