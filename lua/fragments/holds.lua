-- A hold's record: "state seq user created_ms deadline_ms total_minor payment lines", one line of text.
-- lines are JSON, [[product,quantity,unit_price_minor],...], as in the journal and in every answer.
local function holds_key(order)
  local created_ms = tonumber(string.sub(order, 1, 8) .. string.sub(order, 10, 13), 16)
  return BASE .. HOLDS .. math.floor(created_ms / DAY_MS) % HOLD_SLOTS
end

local function read_hold(order)
  local record = redis.call("HGET", holds_key(order), order)
  if not record then
    return nil
  end
  local state, at_seq, user, created_ms, deadline_ms, total_minor, payment, lines =
    string.match(record, "^(%u+) (%d+) (%d+) (%d+) (%d+) (%d+) (%S+) (%S+)$")
  return {
    state = state, seq = at_seq, user = user, created_ms = created_ms,
    deadline_ms = tonumber(deadline_ms), total_minor = total_minor, payment = payment, lines = lines,
  }
end

local function write_hold(order, hold)
  redis.call(
    "HSET", holds_key(order), order,
    string.format(
      "%s %d %s %s %d %s %s %s", hold.state, seq, hold.user, hold.created_ms, hold.deadline_ms,
      hold.total_minor, hold.payment, hold.lines
    )
  )
end

local function each_line(lines)
  return string.gmatch(lines, "%[(%d+),(%d+),(%d+)%]")
end

-- One due set per item for HELD, one queue per lane for PAYING and EXPIRING.
local function leave_queue(order, hold)
  if hold.state == "HELD" then
    for product in each_line(hold.lines) do
      redis.call("ZREM", BASE .. DUE .. product, order)
    end
  elseif hold.state == "PAYING" then
    redis.call("ZREM", BASE .. PAYING, order)
  elseif hold.state == "EXPIRING" then
    redis.call("ZREM", BASE .. EXPIRING, order)
  end
end
