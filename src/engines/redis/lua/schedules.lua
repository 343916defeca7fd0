#!lua flags=allow-oom
-- Schedules with compare-and-set: a hash of `version FS paused FS due FS fired FS updated FS body`, and the due ones
-- that are not paused by time.
-- KEYS[1] prefix  ARGV[3] 'put', then for each: name, version, body, paused (1 or 0), due ('': none);
--   or 'remove', then for each: name, version
-- Answers flat (status, version) for each. O(log N) each
--@ unit gathered schedule-rows
local answers = {}
local function answer(status, version)
  answers[#answers + 1] = status
  answers[#answers + 1] = version
end

if ARGV[3] == 'put' then
  for at = 4, #ARGV, 5 do
    local s = loadSchedule(ARGV[at])
    local standing = s and s.version or '0'
    if standing ~= ARGV[at + 1] then
      answer('conflict', standing)
    else
      local next = int(standing + 1)
      -- A changed rule has still fired when it did: catching up of missed ticks counts from there.
      saveSchedule({ name = ARGV[at], version = next, body = ARGV[at + 2], paused = ARGV[at + 3], due = ARGV[at + 4],
        fired = s and s.fired or '', updated = now })
      answer('put', next)
    end
  end
else
  for at = 4, #ARGV, 2 do
    local s = loadSchedule(ARGV[at])
    if not s then
      answer('not_found', '')
    elseif s.version ~= ARGV[at + 1] then
      answer('conflict', '')
    else
      call('HDEL', P .. 'sch', s.name)
      call('ZREM', P .. 'schd', s.name)
      answer('removed', '')
    end
  end
end
return answers
