-- The lane: its gate, its terms, its journal, and the unit totals of its items.
-- Totals are read once, changed in memory and written with the seq in one HSET (`save`), after the
-- journal entries (`append`): the XADD is the first write of every script, so that a store that
-- went backwards refuses before anything changed.
local LANE_KEY = BASE .. LANE
local lane = redis.call("HMGET", LANE_KEY, "gate", "conf", "seq", "day")
if lane[1] ~= "open:" .. GENERATION then
  return { "closed", lane[1] or "" }
end
local sale_state, starts_ms, ends_ms, hold_ttl_ms, currency, opened_ms =
  string.match(lane[2], "^(%l+) (%d+) (%d+) (%d+) (%u+) (%d+)$")
local seq, day_written = tonumber(lane[3]), tonumber(lane[4])
local leaving = sale_state == "closing" or sale_state == "closed"
-- @include journal
