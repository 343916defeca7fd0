-- Journal streams: entries by a rising number, ranked by their own time (to prune) and by key (to read).

local function appendEntry(stream, key, at, body)
  local id = call('XADD', P .. 'j:' .. stream, '0-*', 'k', key, 'a', at, 'b', body)
  local number = match(id, '%d+$')
  call('ZADD', P .. 'ja:' .. stream, at, number)
  call('ZADD', P .. 'jk:' .. stream .. FS .. key, number, number)
end
