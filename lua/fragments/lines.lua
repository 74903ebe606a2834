-- Lines of an order that come from outside: JSON as the scripts write it, each product once. They go
-- into the journal as they are. Expects `integer`.
local function check_lines(text)
  local parts, seen = {}, {}
  for product, quantity, price in string.gmatch(text or "", "%[(%d+),(%d+),(%d+)%]") do
    integer(product, "product")
    integer(price, "price")
    if integer(quantity, "quantity") == 0 or seen[product] then
      error({ err = "ERR products must be distinct, quantities positive" })
    end
    seen[product] = true
    parts[#parts + 1] = string.format("[%s,%s,%s]", product, quantity, price)
  end
  if #parts == 0 or "[" .. table.concat(parts, ",") .. "]" ~= text then
    error({ err = "ERR lines must be [[product,quantity,unit_price_minor],...]" })
  end
end
