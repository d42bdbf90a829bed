-- Sorting a million integers, and a tenth of them with a function.

local function numbers(n)
  local seed, result = 42, {}
  for i = 1, n do
    seed = (seed * 1664525 + 1013904223) % 4294967296
    result[i] = seed
  end
  return result
end

local function checksum(sorted)
  local sum = 0
  for i = 1, #sorted, 1000 do sum = sum + (sorted[i] * i) % 1000003 end
  return sum
end

local all = numbers(1000000)
table.sort(all)
print(string.format("%d", checksum(all)))
local some = numbers(100000)
table.sort(some, function(a, b) return a > b end)
print(string.format("%d", checksum(some)))
