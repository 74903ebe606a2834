#!lua flags=allow-oom
-- release: ends a hold without payment, at the wish of its buyer or of an admin.
-- A hold with an open payment ends only for a caller that names the payment: who has ended it first.
-- @arg order    UUID
-- @arg user     the buyer who asks; 0: the engine or an admin
-- @arg state    CANCELLED, FAILED or EXPIRED
-- @arg reason   one word for the journal
-- @arg payment  UUID of the payment that was ended at the provider, or "-"
-- @answer released
-- @answer already state
-- @answer paying payment
-- @answer unknown
-- @answer closed gate
local order, user_id, state, reason, payment = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
-- @include orders
check_order(order)
if state ~= "CANCELLED" and state ~= "FAILED" and state ~= "EXPIRED" then
  return redis.error_reply("ERR state must be CANCELLED, FAILED or EXPIRED")
end
if not string.find(reason, "^[%w_]+$") then
  return redis.error_reply("ERR reason must be one word")
end
-- @include clock
-- @include lane
-- @include holds
-- @include users
-- @include ends
local hold = read_hold(order)
if not hold or (user_id ~= "0" and hold.user ~= user_id) then
  return { "unknown" }
end
local open_payment = hold.state == "PAYING" or hold.state == "EXPIRING"
if not open_payment and hold.state ~= "HELD" then
  return { "already", hold.state }
end
if open_payment and hold.payment ~= payment then
  return { "paying", hold.payment }
end
end_hold(order, hold, state, reason)
save()
return { "released" }
