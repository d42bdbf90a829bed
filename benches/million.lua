-- A million entries in one table, by integer and twice by string: Lua's strings are its symbols.

local size = 1000000

local function integers()
  local t, sum = {}, 0
  for i = 1, size do t[i * 7] = i end
  for i = 1, size do sum = sum + t[i * 7] end
  return sum
end

local function strings()
  local t, sum = {}, 0
  for i = 1, size do t["key" .. tostring(i)] = i end
  for i = 1, size, 10 do sum = sum + t["key" .. tostring(i)] end
  return sum
end

local function symbols()
  local t, sum = {}, 0
  for i = 1, size do t["name" .. tostring(i)] = i end
  for _, value in pairs(t) do sum = sum + value end
  return sum
end

print(string.format("%d", integers()))
print(string.format("%d", strings()))
print(string.format("%d", symbols()))
