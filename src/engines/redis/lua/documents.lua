#!lua flags=allow-oom
-- Documents with compare-and-set: a hash of `version FS updated FS body` for each kind, and its keys in byte order.
-- KEYS[1] prefix  ARGV[3] 'put', then for each: kind, key, version, body, pauses ('': no settings of a queue, 1, 0);
--   or 'remove', then for each: kind, key, version, settings (1 or '')
-- Answers flat (status, version) for each. O(log N) each
--@ unit gathered
local answers = {}

-- A queue that is paused no more has work at once.
local function settings(queue, pauses)
  if pauses == '' then return end
  call(pauses == '1' and 'SADD' or 'SREM', P .. 'paused', queue)
  hint('work', queue)
end

local function answer(status, version)
  answers[#answers + 1] = status
  answers[#answers + 1] = version
end

if ARGV[3] == 'put' then
  for at = 4, #ARGV, 5 do
    local kind, key, version = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local standing = match(call('HGET', P .. 'doc:' .. kind, key) or '0', '^%d+')
    if standing ~= version then
      answer('conflict', standing)
    else
      local next = int(version + 1)
      call('HSET', P .. 'doc:' .. kind, key, next .. FS .. now .. FS .. ARGV[at + 3])
      call('ZADD', P .. 'docz:' .. kind, 0, key)
      settings(key, ARGV[at + 4])
      answer('put', next)
    end
  end
else
  for at = 4, #ARGV, 4 do
    local kind, key, version = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local standing = call('HGET', P .. 'doc:' .. kind, key)
    if not standing then
      answer('not_found', '')
    elseif match(standing, '^%d+') ~= version then
      answer('conflict', '')
    else
      call('HDEL', P .. 'doc:' .. kind, key)
      call('ZREM', P .. 'docz:' .. kind, key)
      settings(key, ARGV[at + 3] == '1' and '0' or '')
      answer('removed', '')
    end
  end
end
flushHints()
return answers
