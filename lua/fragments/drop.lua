-- Everything a lane has, freed in the background.
local function drop_lane()
  for product in string.gmatch(redis.call("HGET", BASE .. LANE, "items") or "", "%d+") do
    redis.call("UNLINK", BASE .. DUE .. product)
  end
  for slot = 0, HOLD_SLOTS - 1 do
    redis.call("UNLINK", BASE .. HOLDS .. slot)
  end
  for slot = 0, VERDICT_SLOTS - 1 do
    redis.call("UNLINK", BASE .. VERDICTS .. slot)
  end
  redis.call(
    "UNLINK", BASE .. LANE, BASE .. JOURNAL, BASE .. USERS, BASE .. PAYING, BASE .. EXPIRING,
    BASE .. MOVES
  )
end
