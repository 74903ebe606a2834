#!lua flags=allow-oom
-- gate: opens or closes a lane at the generation of this text. Only recovery calls it. A lane that
-- is opened is whole: `rebuild` is over.
-- @arg word  open or closed
-- @answer gate seq
-- @answer absent
local word = ARGV[1]
if word ~= "open" and word ~= "closed" then
  return redis.error_reply("ERR word must be open or closed")
end
local seq = redis.call("HGET", BASE .. LANE, "seq")
if not seq then
  return { "absent" }
end
redis.call("HSET", BASE .. LANE, "gate", word .. ":" .. GENERATION)
if word == "open" then
  redis.call("HDEL", BASE .. LANE, "rebuilding")
end
return { "gate", tonumber(seq) }
