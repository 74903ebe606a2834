#!lua flags=allow-oom
-- close: takes what is available out of the sale; the sale is closed when its last hold has ended.
-- Called again until it answers closed.
-- @answer closing held
-- @answer ended
-- @answer closed gate
-- @include clock
-- @include lane
if sale_state == "closed" then
  return { "ended" }
end
local held, returned = 0, {}
for product in string.gmatch(redis.call("HGET", LANE_KEY, "items"), "%d+") do
  local found = total(product)
  held = held + found.held
  returned[#returned + 1] = string.format("[%s,%d]", product, found.available)
end
local state = sale_state
if not leaving then
  append(string.format('["closing",[%s],%d]', table.concat(returned, ","), now))
  for product in pairs(totals) do
    local found = total(product)
    found.units, found.available = found.units - found.available, 0
  end
  state = "closing"
end
if held == 0 then
  append(string.format('["closed",%d]', now))
  state = "closed"
end
save()
if state ~= sale_state then
  redis.call("HSET", LANE_KEY, "conf", state .. string.sub(lane[2], #sale_state + 1))
end
if state == "closed" then
  return { "ended" }
end
return { "closing", held }
