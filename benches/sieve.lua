-- Primes below 50000 by crossing out, 200 times: reading and writing elements of a table.

local function primes(limit)
  local crossed = {}
  for i = 1, limit do crossed[i] = false end
  local count = 0
  for i = 2, limit do
    if not crossed[i] then
      count = count + 1
      local multiple = i + i
      while multiple <= limit do
        crossed[multiple] = true
        multiple = multiple + i
      end
    end
  end
  return count
end

local sum = 0
for _ = 1, 200 do sum = sum + primes(50000) end
print(string.format("%d", sum))
