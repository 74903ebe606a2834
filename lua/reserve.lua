#!lua
-- reserve: takes stock for one order, all lines or nothing, at most once per order and key.
-- @arg order           UUIDv7 of the order to make
-- @arg user            id of the buyer
-- @arg digest          32 hex digits over user and idempotency key
-- @arg fingerprint     16 hex digits over the body
-- @arg key             the idempotency key as JSON text
-- @arg rate_limit      attempts per period; 0: no limit
-- @arg rate_period_ms  the period
-- @arg lines...        product and quantity of each line; products distinct
-- @answer held created_ms deadline_ms total_minor currency lines
-- @answer replayed order created_ms deadline_ms total_minor currency lines
-- @answer key_reused
-- @answer overloaded
-- @answer clock_skewed now_ms
-- @answer rate_limited retry_ms
-- @answer not_open state starts_ms now_ms
-- @answer not_in_sale product
-- @answer limit_reached product limit
-- @answer sold_out product available back next_due_ms now_ms
-- @answer closed gate
-- The straight road is written without functions: each closure would cost as much as a write.
local call, match, sub, format = redis.call, string.match, string.sub, string.format
local order, user_id, digest, fingerprint, key = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local rate_limit, rate_period_ms = tonumber(ARGV[6]), tonumber(ARGV[7])
local FIRST_LINE, LANE_FIELDS, LINE_FIELDS = 8, 5, 3
if #order ~= 36 or #user_id > 15 or not match(user_id, "^[1-9]%d*$")
  or not (rate_limit >= 0 and rate_period_ms >= 0) then
  return redis.error_reply("ERR order must be a UUID, user a positive id, rate and period not below 0")
end
for at = FIRST_LINE, #ARGV, 2 do
  if #ARGV[at] > 15 or not match(ARGV[at], "^[1-9]%d*$")
    or not match(ARGV[at + 1] or "", "^[1-9]%d?%d?%d?$") then
    return redis.error_reply("ERR a line must be a product id and a quantity from 1 to 9999")
  end
end

local LANE_KEY, USERS_KEY = BASE .. LANE, BASE .. USERS
local product = ARGV[FIRST_LINE]
local fields = {
  "gate", "conf", "seq", "day", "ceiling",
  "terms:" .. product, "available:" .. product, "held:" .. product,
}
for at = FIRST_LINE + 2, #ARGV, 2 do
  for before = FIRST_LINE, at - 2, 2 do
    if ARGV[before] == ARGV[at] then
      return redis.error_reply("ERR products must be distinct")
    end
  end
  local n = #fields
  fields[n + 1], fields[n + 2], fields[n + 3] =
    "terms:" .. ARGV[at], "available:" .. ARGV[at], "held:" .. ARGV[at]
end
local lane = call("HMGET", LANE_KEY, unpack(fields))
if lane[1] ~= "open:" .. GENERATION then
  return { "closed", lane[1] or "" }
end
local sale_state, starts_ms, ends_ms, hold_ttl_ms, currency, opened_ms =
  match(lane[2], "^(%l+) (%d+) (%d+) (%d+) (%u+) (%d+)$")

local clock = call("TIME")
local now_text = clock[1] .. sub("00000" .. clock[2], -6, -4)
local now, day_written = tonumber(now_text), tonumber(lane[4])
local today_ms = now - now % DAY_MS
local made_ms = tonumber(sub(order, 1, 8) .. sub(order, 10, 13), 16)
if not made_ms or made_ms > now + CLOCK_AHEAD_MS or made_ms < now - CLOCK_BEHIND_MS then
  return { "clock_skewed", now }
end
local day = today_ms / DAY_MS

-- A known key, or this very order again (its answer was lost): the same answer as the first time.
local slot = BASE .. HOLDS .. format("%d", day % HOLD_SLOTS)
local HOLDS_KEY = slot
if made_ms < today_ms or made_ms >= today_ms + DAY_MS then
  HOLDS_KEY = BASE .. HOLDS .. format("%d", (made_ms - made_ms % DAY_MS) / DAY_MS % HOLD_SLOTS)
end
local found = call("HMGET", slot, digest, order)
local known = found[1]
if not known and tonumber(opened_ms) < today_ms + CLOCK_BEHIND_MS then
  slot = BASE .. HOLDS .. (day - 1) % HOLD_SLOTS
  known = call("HGET", slot, digest)
end
if not known and today_ms + DAY_MS - now <= CLOCK_AHEAD_MS then
  slot = BASE .. HOLDS .. (day + 1) % HOLD_SLOTS
  known = call("HGET", slot, digest)
end
if known then
  if sub(known, 38) ~= fingerprint then
    return { "key_reused" }
  end
  local first = sub(known, 1, 36)
  local created_ms, total_minor, lines =
    match(call("HGET", slot, first), "^%u+ %d+ %d+ (%d+) %d+ (%d+) %S+ (%S+)$")
  local deadline_ms = created_ms + hold_ttl_ms
  if first == order then
    return { "held", tonumber(created_ms), deadline_ms, tonumber(total_minor), currency, lines }
  end
  return { "replayed", first, tonumber(created_ms), deadline_ms, tonumber(total_minor), currency, lines }
end

if found[2] then
  return redis.error_reply("ERR order " .. order .. " was made with another key")
end

local seq = tonumber(lane[3])
if seq >= tonumber(lane[5]) then
  return { "overloaded" }
end

local tat_ms, counts, orders = "0", "-", "-"
local record = call("HGET", USERS_KEY, user_id)
if record then
  tat_ms, counts, orders = match(record, "^(%d+) (%S+) (%S+)$")
end
if rate_limit > 0 then
  local tat = tonumber(tat_ms)
  if tat < now then
    tat = now
  end
  tat = tat + math.floor(rate_period_ms / rate_limit)
  if tat - now > rate_period_ms then
    return { "rate_limited", tat - rate_period_ms - now }
  end
  tat_ms = format("%d", tat)
end

-- Checks; a shortage is looked at once more after overdue holds of these items were released.
local refusal
if sale_state ~= "open" then
  refusal = { "not_open", sale_state, tonumber(starts_ms), now }
elseif now < tonumber(starts_ms) then
  refusal = { "not_open", "scheduled", tonumber(starts_ms), now }
elseif ends_ms ~= "0" and now >= tonumber(ends_ms) then
  refusal = { "not_open", "ended", tonumber(starts_ms), now }
end
local total_minor, released = 0, refusal and -1 or nil
while released == nil or released > 0 do
  refusal, total_minor = nil, 0
  for at = FIRST_LINE, #ARGV, 2 do
    local n = LANE_FIELDS + (at - FIRST_LINE) / 2 * LINE_FIELDS
    local item, wanted, terms = ARGV[at], tonumber(ARGV[at + 1]), lane[n + 1]
    if not terms then
      refusal = { "not_in_sale", item }
      break
    end
    local price, limit = match(terms, "^(%d+) (%d+)$")
    if limit ~= "0" then
      local had = counts ~= "-" and match("," .. counts, "," .. item .. "=(%d+)") or 0
      if had + wanted > tonumber(limit) then
        refusal = { "limit_reached", item, tonumber(limit) }
        break
      end
    end
    if tonumber(lane[n + 2]) < wanted then
      refusal = { "sold_out", item, tonumber(lane[n + 2]), 0, 0, now }
      break
    end
    total_minor = total_minor + price * wanted
  end
  if not refusal or refusal[1] == "not_in_sale" or released then
    break
  end
  -- @include short
end
if refusal then
  if refusal[1] == "sold_out" then
    refusal[4] = tonumber(call("HGET", LANE_KEY, "back:" .. refusal[2]) or 0)
    refusal[5] = tonumber(call("ZRANGE", BASE .. DUE .. refusal[2], 0, 0, "WITHSCORES")[2] or 0)
  end
  if rate_limit > 0 then
    call("HSET", USERS_KEY, user_id, tat_ms .. " " .. counts .. " " .. orders)
  end
  return refusal
end

local lines, deadline_ms = "", format("%d", now + hold_ttl_ms)
local seq_text, total_text = format("%d", seq + 1), format("%d", total_minor)
local changed = { "seq", seq_text }
for at = FIRST_LINE, #ARGV, 2 do
  local item, wanted, n = ARGV[at], ARGV[at + 1], LANE_FIELDS + (at - FIRST_LINE) / 2 * LINE_FIELDS
  local had = counts ~= "-" and match("," .. counts, "," .. item .. "=(%d+)")
  if had then
    counts = sub(string.gsub("," .. counts, "," .. item .. "=%d+", "," .. item .. "=" .. had + wanted, 1), 2)
  else
    counts = counts == "-" and item .. "=" .. wanted or counts .. "," .. item .. "=" .. wanted
  end
  lines = lines .. (lines == "" and "[[" or ",[") .. item .. "," .. wanted .. ","
    .. match(lane[n + 1], "^%d+") .. "]"
  local m = #changed
  changed[m + 1], changed[m + 2] = "available:" .. item, lane[n + 2] - wanted
  changed[m + 3], changed[m + 4] = "held:" .. item, lane[n + 3] + wanted
end
lines = lines .. "]"
orders = orders == "-" and order or order .. "," .. sub(orders, 1, ORDERS_KEPT)

call(
  "XADD", BASE .. JOURNAL, GENERATION .. "-" .. seq_text, FORMAT,
  '["held","' .. order .. '",' .. user_id .. "," .. now_text .. "," .. deadline_ms .. "," .. total_text
    .. ',"' .. currency .. '",' .. lines .. ',"' .. fingerprint .. '",' .. key .. "]"
)
if day > day_written then
  -- @include days
  turn_day()
end
call("HSET", LANE_KEY, unpack(changed))
call("HSET", USERS_KEY, user_id, tat_ms .. " " .. counts .. " " .. orders)
call(
  "HSET", HOLDS_KEY, order,
  "HELD " .. seq_text .. " " .. user_id .. " " .. now_text .. " " .. deadline_ms .. " " .. total_text
    .. " - " .. lines,
  digest, order .. " " .. fingerprint
)
for at = FIRST_LINE, #ARGV, 2 do
  call("ZADD", BASE .. DUE .. ARGV[at], deadline_ms, order)
end
return { "held", now, tonumber(deadline_ms), total_minor, currency, lines }
