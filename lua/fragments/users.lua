-- A user's record in the lane: "tat counts orders". tat: when the rate limit is whole again (ms);
-- counts: units held or bought per item, "7=2,8=1"; orders: the latest ten, newest first; "-": none.
local function read_user(user)
  local record = redis.call("HGET", BASE .. USERS, user)
  if not record then
    return { tat_ms = "0", counts = "-", orders = "-" }
  end
  local tat_ms, counts, orders = string.match(record, "^(%d+) (%S+) (%S+)$")
  return { tat_ms = tat_ms, counts = counts, orders = orders }
end

local function write_user(user, record)
  redis.call("HSET", BASE .. USERS, user, record.tat_ms .. " " .. record.counts .. " " .. record.orders)
end

local function count_of(record, product)
  return tonumber(string.match("," .. record.counts, "," .. product .. "=(%d+)")) or 0
end

local function add_count(record, product, delta)
  local kept, parts = count_of(record, product) + delta, {}
  if kept > 0 then
    parts[1] = string.format("%s=%d", product, kept)
  end
  for other, count in string.gmatch(record.counts, "(%d+)=(%d+)") do
    if other ~= product then
      parts[#parts + 1] = other .. "=" .. count
    end
  end
  record.counts = #parts > 0 and table.concat(parts, ",") or "-"
end
