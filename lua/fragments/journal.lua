-- Expects LANE_KEY, seq (the last one written), leaving (units that come back leave the lane).
local saved_seq, totals = seq, {}

local function append(body)
  seq = seq + 1
  redis.call("XADD", BASE .. JOURNAL, string.format("%s-%d", GENERATION, seq), FORMAT, body)
end

local function total(product)
  if not totals[product] then
    local read = redis.call(
      "HMGET", LANE_KEY, "units:" .. product, "available:" .. product, "held:" .. product,
      "sold:" .. product
    )
    totals[product] = read[1] and {
      units = tonumber(read[1]), available = tonumber(read[2]),
      held = tonumber(read[3]), sold = tonumber(read[4]),
    } or nil
  end
  return totals[product]
end

local function save()
  if seq == saved_seq then
    return
  end
  local changed = { "seq", seq }
  for product, found in pairs(totals) do
    local n = #changed
    changed[n + 1], changed[n + 2] = "units:" .. product, found.units
    changed[n + 3], changed[n + 4] = "available:" .. product, found.available
    changed[n + 5], changed[n + 6] = "held:" .. product, found.held
    changed[n + 7], changed[n + 8] = "sold:" .. product, found.sold
  end
  redis.call("HSET", LANE_KEY, unpack(changed))
  saved_seq = seq
end

-- Units that come back: on sale again, or out of a lane that is closing.
local function units_back(product, quantity)
  local found = total(product)
  if leaving then
    found.units = found.units - quantity
    return
  end
  if found.available == 0 then
    local back = redis.call("HINCRBY", LANE_KEY, "back:" .. product, 1)
    redis.call("PUBLISH", RETURNED_CHANNEL, BASE .. " " .. product .. " " .. back)
  end
  found.available = found.available + quantity
end
