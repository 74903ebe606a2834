#!lua flags=allow-oom
-- expire: a bounded slice of what is over. HELD past its deadline ends; PAYING becomes EXPIRING while
-- its payment is cancelled at the provider; EXPIRING past its grace ends, late money is ruled then.
-- @arg most      holds to treat at most
-- @arg grace_ms  time for the provider to answer
-- @answer expired released expiring
-- @answer closed gate
-- @include numbers
local most, grace_ms = integer(ARGV[1], "most"), integer(ARGV[2], "grace_ms")
-- @include clock
-- @include lane
-- @include holds
-- @include users
-- @include ends
local released, expiring = 0, 0
for product in string.gmatch(redis.call("HGET", LANE_KEY, "items"), "%d+") do
  if released < most then
    released = released + release_overdue(product, most - released)
  end
end
local left = most - released
if left > 0 then
  local over = redis.call("ZRANGEBYSCORE", BASE .. EXPIRING, "-inf", now, "LIMIT", 0, left)
  for _, order in ipairs(over) do
    end_hold(order, read_hold(order), "EXPIRED", "no_answer")
  end
  released, left = released + #over, left - #over
end
if left > 0 then
  local over = redis.call("ZRANGEBYSCORE", BASE .. PAYING, "-inf", now, "LIMIT", 0, left)
  for _, order in ipairs(over) do
    local hold = read_hold(order)
    append(string.format('["expiring","%s","%s",%d]', order, hold.payment, now))
    leave_queue(order, hold)
    redis.call("ZADD", BASE .. EXPIRING, now + grace_ms, order)
    hold.state = "EXPIRING"
    write_hold(order, hold)
  end
  expiring = #over
end
save()
return { "expired", released, expiring }
