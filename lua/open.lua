#!lua
-- open: makes a lane and puts its units on sale; once, however often it is called.
-- @arg starts_ms    start of the window; 0: now
-- @arg ends_ms      end of the window; 0: none
-- @arg hold_ttl_ms  how long an unpaid order holds its units; a day at most
-- @arg currency     ISO 4217 code
-- @arg ceiling      highest seq of the journal before reserve answers overloaded
-- @arg items...     product, units, price_minor, limit per user (0: none)
-- @answer opened seq
-- @answer already
-- @include numbers
-- @include clock
local starts_ms, ends_ms = integer(ARGV[1], "starts_ms"), integer(ARGV[2], "ends_ms")
local hold_ttl_ms, currency = integer(ARGV[3], "hold_ttl_ms"), ARGV[4]
local ceiling, FIRST_ITEM = integer(ARGV[5], "ceiling"), 6
if not string.find(currency, "^%u%u%u$") then
  return redis.error_reply("ERR currency must be three capital letters")
end
if hold_ttl_ms > DAY_MS or #ARGV < FIRST_ITEM then
  return redis.error_reply("ERR a hold lasts a day at most (see keys.py), and a lane has items")
end
if redis.call("EXISTS", BASE .. LANE) == 1 then
  return { "already" }
end
local entries, products, fields = {}, {}, {}
for at = FIRST_ITEM, #ARGV, 4 do
  local product, units = ARGV[at], integer(ARGV[at + 1], "units")
  integer(product, "product")
  local price, limit = integer(ARGV[at + 2], "price_minor"), integer(ARGV[at + 3], "limit")
  if price >= 1e11 or fields["terms:" .. product] then
    return redis.error_reply("ERR products must be distinct, totals exact numbers: price below 10^11")
  end
  fields["terms:" .. product] = true
  local n = #fields
  fields[n + 1], fields[n + 2] = "terms:" .. product, string.format("%d %d", price, limit)
  fields[n + 3], fields[n + 4] = "units:" .. product, units
  fields[n + 5], fields[n + 6] = "available:" .. product, units
  fields[n + 7], fields[n + 8] = "held:" .. product, 0
  fields[n + 9], fields[n + 10] = "sold:" .. product, 0
  products[#products + 1] = product
  entries[#entries + 1] = string.format("[%s,%d]", product, units)
end
redis.call(
  "XADD", BASE .. JOURNAL, GENERATION .. "-1", FORMAT,
  string.format('["opened",[%s],%d]', table.concat(entries, ","), now)
)
redis.call(
  "HSET", BASE .. LANE,
  "gate", "open:" .. GENERATION,
  "conf", string.format("open %d %d %d %s %d", starts_ms, ends_ms, hold_ttl_ms, currency, now),
  "seq", 1, "day", math.floor(now / DAY_MS), "ceiling", ceiling,
  "items", table.concat(products, ",")
)
for at = 1, #fields, 10 do
  redis.call("HSET", BASE .. LANE, unpack(fields, at, at + 9))
end
return { "opened", 1 }
