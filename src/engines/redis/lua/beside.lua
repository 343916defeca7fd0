-- Records as they are answered: {tails, what is beside (index, text)…, then flat (id, head with the number of its tail,
-- body)}. A head of '' is a task that is not there. Tails are told once each.

local function besideOf(id, flags)
  local error = find(flags, 'e', 1, true) and call('HGET', P .. 'e', id) or ''
  local progress = find(flags, 'p', 1, true) and call('HGET', P .. 'p', id) or ''
  local result = find(flags, 'x', 1, true) and call('HGET', P .. 'x', id) or ''
  return error .. LS .. progress .. LS .. result
end

local function recordsOf(ids)
  local told, numbers, beside = {}, {}, {}
  local answer = { told, beside }
  if #ids == 0 then return answer end
  prefetch(ids)
  for from = 1, #ids, 1000 do
    local last = min(from + 999, #ids)
    local bodies = call('HMGET', P .. 'b', unpack(ids, from, last))
    for i = from, last do
      local id, n = ids[i], 3 * i
      local text = rows[id]
      answer[n], answer[n + 1], answer[n + 2] = id, '', bodies[i - from + 1] or ''
      if text then
        local code, place, attempt, at = match(text, HEAD)
        local tail = string.sub(text, at)
        local number = numbers[tail]
        if not number then
          number = #told + 1
          told[number], numbers[tail] = tailOf(tail).text, number
        end
        answer[n + 1] = code .. FS .. place .. FS .. attempt .. FS .. number
        local flags = tailOf(tail).has
        if flags ~= '' and find(flags, '[epx]') then
          beside[#beside + 1] = i - 1
          beside[#beside + 1] = besideOf(id, flags)
        end
      end
    end
  end
  return answer
end
