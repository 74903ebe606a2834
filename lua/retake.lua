#!lua flags=allow-oom
-- retake: late money for a hold that is over takes its units again if it can, else goes back.
-- Ignores window and rate, honours the limit per user, refused while the sale closes. The lines are
-- those of the order, for a hold whose record has been forgotten.
-- @arg order        UUID
-- @arg payment      UUID of the captured payment
-- @arg user         id of the buyer
-- @arg created_ms   when the order was made
-- @arg total_minor  what it costs
-- @arg lines        JSON [[product,quantity,unit_price_minor],...]
-- @answer retaken
-- @answer confirmed
-- @answer refund reason
-- @answer live state
-- @answer closed gate
local order, payment, user_id = ARGV[1], ARGV[2], ARGV[3]
-- @include numbers
-- @include orders
-- @include lines
check_order(order)
check_order(payment)
integer(user_id, "user")
integer(ARGV[4], "created_ms")
integer(ARGV[5], "total_minor")
check_lines(ARGV[6])
-- @include clock
-- @include lane
-- @include days
-- @include holds
-- @include users
-- @include ends
-- @include verdicts
local verdict = first_verdict(payment)
if verdict then
  local word, reason = string.match(verdict, "^(%l+):?(.*)$")
  return word == "refund" and { word, reason } or { word }
end
local hold = read_hold(order)
if hold and (hold.state == "PAID" or hold.state == "REFUNDED") then
  return refund(order, payment, "duplicate")
end
if hold and hold.state == "CANCELLED" then
  return refund(order, payment, "cancelled")
end
if hold and hold.state ~= "EXPIRED" and hold.state ~= "FAILED" then
  return { "live", hold.state }
end
hold = hold or {
  user = user_id, created_ms = ARGV[4], deadline_ms = now, total_minor = ARGV[5], payment = "-",
  lines = ARGV[6],
}

-- Final for the order too: once its money goes back, no other payment can take its units again.
local function too_late()
  local answer = refund(order, payment, "late")
  hold.state = "REFUNDED"
  write_hold(order, hold)
  return answer
end

if leaving then
  return too_late()
end
for product, quantity in each_line(hold.lines) do
  if not total(product) then
    return too_late()
  end
  if total(product).available < tonumber(quantity) then
    release_overdue(product, LAZY_RELEASES)
  end
end
local user = read_user(hold.user)
for product, quantity in each_line(hold.lines) do
  local limit = string.match(redis.call("HGET", LANE_KEY, "terms:" .. product), "^%d+ (%d+)$")
  local over = limit ~= "0" and count_of(user, product) + quantity > tonumber(limit)
  if over or total(product).available < tonumber(quantity) then
    return too_late()
  end
end
append(string.format('["retaken","%s","%s",%s,%d]', order, payment, hold.lines, now))
for product, quantity in each_line(hold.lines) do
  local found = total(product)
  found.available, found.sold = found.available - quantity, found.sold + quantity
  add_count(user, product, tonumber(quantity))
end
save()
write_user(hold.user, user)
keep_verdict(payment, "retaken") -- first: a turn of the day may empty the slot of the record
hold.state, hold.payment = "PAID", payment
write_hold(order, hold)
return { "retaken" }
