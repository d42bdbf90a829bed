-- Tables as dictionaries: inserting, looking up, changing and removing, with integers and with strings as keys.

local keys = {}

local function integers(n)
  local t = {}
  for i = 1, n do t[i * 7] = i end
  local sum = 0
  for i = 1, n * 2 do sum = sum + (t[i * 7] or 1) end
  for i = 1, n, 2 do t[i * 7] = nil end
  for i = 1, n do
    if t[i * 7] then sum = sum + 1 end
  end
  for key, value in pairs(t) do sum = sum + key - value end
  return sum
end

local function make_keys(n)
  for i = 1, n do keys[i] = "key" .. tostring(i) end
end

local function strings()
  local t = {}
  for _, key in ipairs(keys) do t[key] = #key end
  local sum = 0
  for _ = 1, 3 do
    for _, key in ipairs(keys) do sum = sum + t[key] end
    for _, key in ipairs(keys) do t[key] = t[key] + 1 end
  end
  for i = 1, #keys, 2 do t[keys[i]] = nil end
  for _, key in ipairs(keys) do
    if t[key] then sum = sum + 1 end
  end
  for _, value in pairs(t) do sum = sum + value end
  return sum
end

-- How often each of a hundred words comes, by numbers that look random.
local function count(n)
  local counts, size, seed = {}, 0, 42
  for _ = 1, n do
    seed = (seed * 1309 + 13849) % 65536
    local word = keys[seed % 100 + 1]
    counts[word] = (counts[word] or 0) + 1
  end
  for _ in pairs(counts) do size = size + 1 end
  return counts[keys[1]] + size
end

make_keys(20000)
local sum = 0
for _ = 1, 40 do
  sum = sum + integers(20000)
  sum = sum + strings()
  sum = sum + count(50000)
end
print(string.format("%d", sum))
