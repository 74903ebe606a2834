-- Inside reserve: releases overdue holds of the items asked for, and of the buyer, then reads again.
local leaving = false
-- @include journal
-- @include holds
-- @include users
-- @include ends
released = 0
for at = FIRST_LINE, #ARGV, 2 do
  released = released + release_overdue(ARGV[at], LAZY_RELEASES)
end
for mine in string.gmatch(orders, "%x[%x-]+") do
  local hold = read_hold(mine)
  if hold and hold.state == "HELD" and hold.deadline_ms <= now then
    end_hold(mine, hold, "EXPIRED", "deadline")
    released = released + 1
  end
end
if released > 0 then
  save()
  lane = call("HMGET", LANE_KEY, unpack(fields))
  counts = read_user(user_id).counts
end
