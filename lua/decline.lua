#!lua flags=allow-oom
-- decline: a payment failed or was cancelled. PAYING goes back to HELD before the deadline; past it,
-- or when EXPIRING, the hold is over and its units go back.
-- @arg order    UUID
-- @arg payment  UUID of the payment that failed
-- @arg reason   one word for the journal
-- @answer held deadline_ms
-- @answer expired
-- @answer unchanged state
-- @answer unknown
-- @answer closed gate
local order, payment, reason = ARGV[1], ARGV[2], ARGV[3]
-- @include orders
check_order(order)
check_order(payment)
if not string.find(reason, "^[%w_]+$") then
  return redis.error_reply("ERR reason must be one word")
end
-- @include clock
-- @include lane
-- @include holds
-- @include users
-- @include ends
local hold = read_hold(order)
if not hold then
  return { "unknown" }
end
if hold.payment ~= payment or (hold.state ~= "PAYING" and hold.state ~= "EXPIRING") then
  return { "unchanged", hold.state }
end
if hold.state == "EXPIRING" or hold.deadline_ms <= now then
  end_hold(order, hold, "EXPIRED", "deadline")
  save()
  return { "expired" }
end
append(string.format('["declined","%s","%s","%s",%d]', order, payment, reason, now))
leave_queue(order, hold)
for product in each_line(hold.lines) do
  redis.call("ZADD", BASE .. DUE .. product, hold.deadline_ms, order)
end
hold.state, hold.payment = "HELD", "-"
write_hold(order, hold)
save()
return { "held", hold.deadline_ms }
