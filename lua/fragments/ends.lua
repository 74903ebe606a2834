-- How a hold ends without payment: its units go back exactly once, journaled with the end itself.
-- In a closing sale they leave the lane, and the entry says so: they are credited to the product.
local function end_hold(order, hold, state, reason)
  append(string.format(
    '["released","%s","%s","%s",%s,%s,%d]', order, state, reason, hold.lines, tostring(leaving), now
  ))
  local user = read_user(hold.user)
  for product, quantity in each_line(hold.lines) do
    local found = total(product)
    found.held = found.held - quantity
    units_back(product, tonumber(quantity))
    add_count(user, product, -quantity)
  end
  write_user(hold.user, user)
  leave_queue(order, hold)
  hold.state = state
  write_hold(order, hold)
end

local function release_overdue(product, most)
  local overdue = redis.call("ZRANGEBYSCORE", BASE .. DUE .. product, "-inf", now, "LIMIT", 0, most)
  for _, order in ipairs(overdue) do
    end_hold(order, read_hold(order), "EXPIRED", "deadline")
  end
  return #overdue
end
