#!lua flags=allow-oom
-- rebuild: writes a lane anew from Postgres, behind a closed gate. Only recovery calls it.
-- begin: drops the lane; args seq, conf, day, ceiling, then product, terms, units, available, held,
-- sold for each item; journals that it happened, and marks the lane until it is opened. put: a suffix, a part ("" for none), then field and
-- value pairs of a hash. queue: a suffix, a part, then score and member pairs of a sorted set.
-- @arg step     begin, put or queue
-- @arg rest...  as above
-- @answer done seq
-- @answer closed gate
local step = ARGV[1]
local LANE_KEY, CLOSED = BASE .. LANE, "closed:" .. GENERATION
local SUFFIXES = {
  HOLDS = HOLDS, USERS = USERS, VERDICTS = VERDICTS, MOVES = MOVES,
  DUE = DUE, PAYING = PAYING, EXPIRING = EXPIRING,
}
local gate, last_seq = unpack(redis.call("HMGET", LANE_KEY, "gate", "seq"))
if gate ~= CLOSED and (gate or step ~= "begin") then
  return { "closed", gate or "" }
end
if step ~= "begin" then
  local command = step == "put" and "HSET" or "ZADD"
  redis.call(command, BASE .. SUFFIXES[ARGV[2]] .. ARGV[3], unpack(ARGV, 4))
  return { "done", tonumber(last_seq) }
end
-- @include numbers
-- @include clock
local seq, conf, day, ceiling = integer(ARGV[2], "seq"), ARGV[3], ARGV[4], integer(ARGV[5], "ceiling")
local products, FIRST_ITEM, ITEM_FIELDS = {}, 6, 6
-- @include drop
drop_lane()
redis.call(
  "XADD", BASE .. JOURNAL, string.format("%s-%d", GENERATION, seq + 1), FORMAT,
  string.format('["rebuilt",%d]', now)
)
for at = FIRST_ITEM, #ARGV, ITEM_FIELDS do
  local product = ARGV[at]
  redis.call("UNLINK", BASE .. DUE .. product)
  redis.call(
    "HSET", LANE_KEY, "terms:" .. product, ARGV[at + 1], "units:" .. product, ARGV[at + 2],
    "available:" .. product, ARGV[at + 3], "held:" .. product, ARGV[at + 4], "sold:" .. product, ARGV[at + 5]
  )
  products[#products + 1] = product
end
redis.call(
  "HSET", LANE_KEY, "gate", CLOSED, "conf", conf, "seq", seq + 1, "day", day, "ceiling", ceiling,
  "rebuilding", "1", "items", table.concat(products, ",")
)
return { "done", seq + 1 }
