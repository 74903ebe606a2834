#!lua
-- pause: a paused sale takes no new orders; its holds go on. The same call resumes it.
-- @arg state  paused or open
-- @answer changed state
-- @answer unchanged state
-- @answer closed gate
local state = ARGV[1]
if state ~= "paused" and state ~= "open" then
  return redis.error_reply("ERR state must be paused or open")
end
-- @include clock
-- @include lane
if sale_state == state or leaving then
  return { "unchanged", sale_state }
end
append(string.format('["%s",%d]', state == "paused" and "paused" or "resumed", now))
save()
redis.call("HSET", LANE_KEY, "conf", state .. string.sub(lane[2], #sale_state + 1))
return { "changed", state }
