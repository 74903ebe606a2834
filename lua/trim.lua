#!lua flags=allow-oom
-- trim: drops journal entries below an id that Postgres has long had, and lifts the journal's bound.
-- @arg keep_id  the first id to keep, "<generation>-<seq>"; "-": drop nothing
-- @arg ceiling  highest seq before reserve answers overloaded
-- @answer trimmed entries
-- @answer closed gate
local keep_id = ARGV[1]
-- @include numbers
local ceiling = integer(ARGV[2], "ceiling")
-- @include lane
local dropped = 0
if keep_id ~= "-" then
  dropped = redis.call("XTRIM", BASE .. JOURNAL, "MINID", keep_id)
end
redis.call("HSET", LANE_KEY, "ceiling", ceiling)
return { "trimmed", dropped }
