-- Four million protected calls in which nothing happens, and as many that must be cleaned up after.

local sum = 0
local function nothing(i) return i end
local function up() sum = sum + 1 end
for i = 1, 4000000 do
  local _, value = pcall(nothing, i)
  sum = sum + value
  local ok, problem = pcall(up)
  sum = sum - 1
  if not ok then error(problem) end
end
print(string.format("%d", sum))
