-- A loop that only counts.

local function count(limit)
  local i = 0
  while i < limit do i = i + 1 end
  return i
end

print(string.format("%d", count(100000000)))
