-- Calls that are nested 100,000 deep, fifty times.

local function depth(n)
  if n == 0 then return 0 end
  return depth(n - 1) + 1
end

local sum = 0
for _ = 1, 50 do sum = sum + depth(100000) end
print(string.format("%d", sum))
