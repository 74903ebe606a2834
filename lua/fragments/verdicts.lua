-- The first verdict on a payment is final: confirmed, retaken, or refund with its reason.
local function first_verdict(payment)
  local day = math.floor(now / DAY_MS)
  return redis.call("HGET", BASE .. VERDICTS .. day % VERDICT_SLOTS, payment)
    or redis.call("HGET", BASE .. VERDICTS .. (day + 1) % VERDICT_SLOTS, payment)
end

local function keep_verdict(payment, verdict)
  turn_day()
  redis.call("HSET", BASE .. VERDICTS .. math.floor(now / DAY_MS) % VERDICT_SLOTS, payment, verdict)
end

local function refund(order, payment, reason)
  append(string.format('["refund","%s","%s","%s",%d]', order, payment, reason, now))
  save()
  keep_verdict(payment, "refund:" .. reason)
  return { "refund", reason }
end
