-- Strict numbers: tonumber alone takes "0x2", " 1", "1e1" and "nan"; "007" is no JSON.
local function integer(text, name)
  if not text or #text > 15 or not string.find(text, "^%d+$") or string.find(text, "^0%d") then
    error({ err = "ERR " .. name .. " must be a whole number of at most 15 digits" })
  end
  return tonumber(text)
end
