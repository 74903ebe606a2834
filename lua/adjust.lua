#!lua
-- adjust: adds units to a running item or takes back some that are available; once per move.
-- @arg move     UUID of the stock move
-- @arg product  id of the item
-- @arg delta    units, not 0; negative takes back
-- @answer adjusted units available
-- @answer already
-- @answer in_use available
-- @answer not_in_sale product
-- @answer not_open state
-- @answer closed gate
local move, product = ARGV[1], ARGV[2]
-- @include numbers
-- @include orders
check_order(move)
integer(product, "product")
local sign, digits = string.match(ARGV[3], "^(%-?)([1-9]%d*)$")
local delta = integer(digits, "delta")
delta = sign == "-" and -delta or delta
-- @include clock
-- @include lane
if redis.call("HEXISTS", BASE .. MOVES, move) == 1 then
  return { "already" }
end
if leaving then
  return { "not_open", sale_state }
end
local found = total(product)
if not found then
  return { "not_in_sale", product }
end
if found.available + delta < 0 then
  return { "in_use", found.available }
end
append(string.format('["adjusted",%s,%d,"%s",%d]', product, delta, move, now))
found.units = found.units + delta
if delta > 0 then
  units_back(product, delta)
else
  found.available = found.available + delta
end
save()
redis.call("HSET", BASE .. MOVES, move, now)
return { "adjusted", found.units, found.available }
