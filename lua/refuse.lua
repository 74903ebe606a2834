#!lua flags=allow-oom
-- refuse: a captured payment that does not match its order goes back, unless a verdict stands.
-- @arg order    UUID
-- @arg payment  UUID of the captured payment
-- @arg reason   one word: mismatch, late
-- @answer refund reason
-- @answer confirmed
-- @answer retaken
-- @answer closed gate
local order, payment, reason = ARGV[1], ARGV[2], ARGV[3]
-- @include orders
check_order(order)
check_order(payment)
if not string.find(reason, "^%l+$") then
  return redis.error_reply("ERR reason must be one word")
end
-- @include clock
-- @include lane
-- @include days
-- @include verdicts
local verdict = first_verdict(payment)
if verdict then
  local word, first = string.match(verdict, "^(%l+):?(.*)$")
  return word == "refund" and { word, first } or { word }
end
return refund(order, payment, reason)
