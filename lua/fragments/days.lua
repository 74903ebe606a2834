-- Slots by day: the first write of a new day empties the slots whose records are over (see keys.py).
-- A slot in which a hold still lives is kept for another round: the store may have slept for days,
-- and a hold without its record could never end. Expects `now`, `day_written`.
local function has_live_hold(slot, overdue_ms)
  local queues = { PAYING }
  for product in string.gmatch(redis.call("HGET", BASE .. LANE, "items"), "%d+") do
    queues[#queues + 1] = DUE .. product
  end
  for _, queue in ipairs(queues) do
    if redis.call("ZCOUNT", BASE .. queue, "-inf", overdue_ms) > 0 then
      return true
    end
  end
  for _, order in ipairs(redis.call("ZRANGE", BASE .. EXPIRING, 0, -1)) do
    local made_ms = tonumber(string.sub(order, 1, 8) .. string.sub(order, 10, 13), 16)
    if math.floor(made_ms / DAY_MS) % HOLD_SLOTS == slot then
      return true
    end
  end
  return false
end

local function turn_day()
  local day = math.floor(now / DAY_MS)
  if day > day_written then
    -- What is emptied was made three days ago, and lasts a day, a payment and a clock's lag at most.
    local slot, overdue_ms = (day + 1) % HOLD_SLOTS, (day - 1) * DAY_MS + 2 * CLOCK_BEHIND_MS
    if not has_live_hold(slot, overdue_ms) then
      redis.call("UNLINK", BASE .. HOLDS .. slot)
    end
    redis.call("UNLINK", BASE .. VERDICTS .. day % VERDICT_SLOTS)
    redis.call("HSET", BASE .. LANE, "day", day)
    day_written = day
  end
end
