-- Every order id is a UUID in its canonical spelling: its first digits are the time, and a slot.
local function check_order(id)
  if not id or #id ~= 36 or not string.find(id, "^%x+%-%x+%-%x+%-%x+%-%x+$") then
    error({ err = "ERR order must be a UUID" })
  end
end
