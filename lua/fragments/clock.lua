-- The server's clock, in milliseconds: the only clock that decides windows and deadlines.
local clock = redis.call("TIME")
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
