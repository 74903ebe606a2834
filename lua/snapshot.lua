#!lua flags=no-writes
-- snapshot: the whole lane in one read, whatever its gate says.
-- @answer snapshot now_ms entries fields...
-- @answer absent
-- @include clock
local fields = redis.call("HGETALL", BASE .. LANE)
if #fields == 0 then
  return { "absent" }
end
return { "snapshot", now, redis.call("XLEN", BASE .. JOURNAL), fields }
