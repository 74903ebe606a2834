#!lua
-- restock: units of a refunded order go back on sale, or to the product when the sale closes; once
-- per move. The buyer's count is given back.
-- @arg move   UUID of the stock move
-- @arg order  UUID of the refunded order
-- @arg user   id of the buyer
-- @arg lines  JSON [[product,quantity,unit_price_minor],...]
-- @answer restocked
-- @answer already
-- @answer not_sold product
-- @answer closed gate
local move, order, user_id = ARGV[1], ARGV[2], ARGV[3]
-- @include numbers
-- @include orders
-- @include lines
check_order(move)
check_order(order)
integer(user_id, "user")
check_lines(ARGV[4])
-- @include clock
-- @include lane
-- @include holds
-- @include users
if redis.call("HEXISTS", BASE .. MOVES, move) == 1 then
  return { "already" }
end
for product, quantity in each_line(ARGV[4]) do
  local found = total(product)
  if not found or found.sold < tonumber(quantity) then
    return { "not_sold", product }
  end
end
append(string.format('["restocked","%s","%s",%s,%s,%d]', order, move, ARGV[4], tostring(leaving), now))
local user = read_user(user_id)
for product, quantity in each_line(ARGV[4]) do
  local found = total(product)
  found.sold = found.sold - quantity
  units_back(product, tonumber(quantity))
  add_count(user, product, -quantity)
end
save()
write_user(user_id, user)
redis.call("HSET", BASE .. MOVES, move, now)
return { "restocked" }
