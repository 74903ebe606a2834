#!lua
-- begin_payment: HELD to PAYING before the provider is called; one open payment at a time.
-- The deadline may move to now + extension, never past created + time to live + extension.
-- @arg order         UUID
-- @arg payment       UUID of our payment
-- @arg extension_ms  time to pay; 0: the deadline stays
-- @answer paying deadline_ms
-- @answer busy payment
-- @answer ended state
-- @answer unknown
-- @answer closed gate
local order, payment = ARGV[1], ARGV[2]
-- @include numbers
-- @include orders
local extension_ms = integer(ARGV[3], "extension_ms")
check_order(order)
check_order(payment)
-- @include clock
-- @include lane
-- @include holds
-- @include users
-- @include ends
local hold = read_hold(order)
if not hold then
  return { "unknown" }
end
if hold.state == "PAYING" then
  if hold.payment == payment then
    return { "paying", hold.deadline_ms }
  end
  return { "busy", hold.payment }
end
if hold.state ~= "HELD" then
  return { "ended", hold.state }
end
if hold.deadline_ms <= now then
  end_hold(order, hold, "EXPIRED", "deadline")
  save()
  return { "ended", "EXPIRED" }
end
local latest_ms = hold.created_ms + hold_ttl_ms + extension_ms
hold.deadline_ms = math.max(hold.deadline_ms, math.min(now + extension_ms, latest_ms))
append(string.format('["paying","%s","%s",%d,%d]', order, payment, hold.deadline_ms, now))
leave_queue(order, hold)
redis.call("ZADD", BASE .. PAYING, hold.deadline_ms, order)
hold.state, hold.payment = "PAYING", payment
write_hold(order, hold)
save()
return { "paying", hold.deadline_ms }
