#!lua flags=allow-oom
-- forget: drops a lane whose sale is closed and settled; Postgres keeps its history.
-- @answer forgotten
-- @answer live state
-- @answer closed gate
-- @include clock
-- @include lane
if sale_state ~= "closed" then
  return { "live", sale_state }
end
-- @include drop
drop_lane()
return { "forgotten" }
