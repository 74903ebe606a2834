#!lua flags=allow-oom
-- sweep: forgets buyers who hold and bought nothing and whose rate limit is whole; a slice at a time.
-- @arg cursor  where the last slice ended; 0 at first
-- @arg most    records to look at, about
-- @answer swept cursor removed
-- @include numbers
-- @include clock
local cursor, most = ARGV[1], integer(ARGV[2], "most")
local KEPT_MS = 120000
local page = redis.call("HSCAN", BASE .. USERS, cursor, "COUNT", most)
local removed = 0
for at = 1, #page[2], 2 do
  local tat_ms, counts = string.match(page[2][at + 1], "^(%d+) (%S+)")
  if counts == "-" and tonumber(tat_ms) + KEPT_MS < now then
    redis.call("HDEL", BASE .. USERS, page[2][at])
    removed = removed + 1
  end
end
return { "swept", page[1], removed }
