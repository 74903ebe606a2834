#!lua flags=allow-oom
-- confirm: a captured payment pays its order, whatever the clock says, while its units are held.
-- The first verdict on a payment is final; a second capture goes back, so does money for a
-- cancelled order. `gone`: the hold is over, `retake` decides.
-- @arg order    UUID
-- @arg payment  UUID of the captured payment
-- @answer confirmed
-- @answer retaken
-- @answer refund reason
-- @answer gone state
-- @answer unknown
-- @answer closed gate
local order, payment = ARGV[1], ARGV[2]
-- @include orders
check_order(order)
check_order(payment)
-- @include clock
-- @include lane
-- @include days
-- @include holds
-- @include verdicts
local verdict = first_verdict(payment)
if verdict then
  local word, reason = string.match(verdict, "^(%l+):?(.*)$")
  return word == "refund" and { word, reason } or { word }
end
local hold = read_hold(order)
if not hold then
  return { "unknown" }
end
if hold.state == "EXPIRED" or hold.state == "FAILED" then
  return { "gone", hold.state }
end
if hold.state == "CANCELLED" then
  return refund(order, payment, "cancelled")
end
if hold.state == "PAID" or hold.state == "REFUNDED" then
  return refund(order, payment, "duplicate")
end
append(string.format('["paid","%s","%s",%s,%d]', order, payment, hold.lines, now))
for product, quantity in each_line(hold.lines) do
  local found = total(product)
  found.held, found.sold = found.held - quantity, found.sold + quantity
end
save()
keep_verdict(payment, "confirmed") -- first: a turn of the day asks which holds are alive
leave_queue(order, hold)
hold.state, hold.payment = "PAID", payment
write_hold(order, hold)
return { "confirmed" }
