-- Records as they are answered: {tails, what is beside (index, text)…, then flat for each run of tasks whose rows are the
-- same text: head with the number of the tail, ids, and a body for each id}. A head of '' stands for tasks that are not
-- there; they have no bodies. Tails are told once each.

local function besideOf(id, flags)
  local error = find(flags, 'e', 1, true) and call('HGET', P .. 'e', id) or ''
  local progress = find(flags, 'p', 1, true) and call('HGET', P .. 'p', id) or ''
  local result = find(flags, 'x', 1, true) and call('HGET', P .. 'x', id) or ''
  return error .. LS .. progress .. LS .. result
end

local function recordsOf(ids)
  local told, numbers, beside = {}, {}, {}
  local answer, size = { told, beside }, 2
  if #ids == 0 then return answer end
  prefetch(ids)

  -- The head of a run, and what tells what its tasks have beside their rows.
  local function headOf(text)
    local parts = partsOf(text)
    if not parts then return '', '' end
    local tail = tailOf(parts.key)
    if not numbers[parts.key] then
      numbers[parts.key] = #told + 1
      told[#told + 1] = tail.text
    end
    local flags = find(tail.has, '[epx]') and tail.has or ''
    return parts.code .. FS .. parts.place .. FS .. parts.attempt .. FS .. numbers[parts.key], flags
  end

  local from = 1
  while from <= #ids do
    local text, last = rows[ids[from]], from
    while last < #ids and last - from < 999 and rows[ids[last + 1]] == text do last = last + 1 end
    local head, flags = headOf(text)
    answer[size + 1], answer[size + 2] = head, concat(ids, IS, from, last)
    size = size + 2
    if text then
      local bodies = call('HMGET', P .. 'b', unpack(ids, from, last))
      for i = 1, #bodies do answer[size + i] = bodies[i] or '' end
      size = size + #bodies
    end
    if flags ~= '' then
      for i = from, last do
        beside[#beside + 1] = i - 1
        beside[#beside + 1] = besideOf(ids[i], flags)
      end
    end
    from = last + 1
  end
  return answer
end
