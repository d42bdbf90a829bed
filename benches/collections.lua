-- Lists: adding, each, map, filter, fold, a queue, sorting with a function.

local seed

local function next_number()
  seed = (seed * 1309 + 13849) % 65536
  return seed
end

local function numbers(n)
  seed = 42
  local list = {}
  for _ = 1, n do list[#list + 1] = next_number() end
  return list
end

local function each(list, f)
  for i = 1, #list do f(list[i]) end
end

local function map(list, f)
  local result = {}
  for i = 1, #list do result[i] = f(list[i]) end
  return result
end

local function filter(list, f)
  local result = {}
  for i = 1, #list do
    if f(list[i]) then result[#result + 1] = list[i] end
  end
  return result
end

local function fold(list, start, f)
  local value = start
  for i = 1, #list do value = f(value, list[i]) end
  return value
end

local function detect(list, f)
  for i = 1, #list do
    if f(list[i]) then return list[i] end
  end
end

local function max(a, b)
  if a > b then return a end
  return b
end

local function walk(list)
  local sum = 0
  each(list, function(x) sum = sum + x end)
  sum = sum + fold(list, 0, function(most, x) return max(most, x) end)
  return fold(map(list, function(x) return x * 2 end), sum, function(total, x) return total + x end)
end

local function filter_list(list)
  return #filter(list, function(x) return x % 3 == 0 end)
    + detect(list, function(x) return x > 65000 end)
end

local function queue(n)
  local list, first, last, sum = {}, 1, 0, 0
  local function add(x)
    last = last + 1
    list[last] = x
  end
  local function remove()
    local x = list[first]
    list[first] = nil
    first = first + 1
    return x
  end
  for i = 1, n do
    add(i)
    add(i + 1)
    sum = sum + remove()
  end
  return sum + last - first + 1
end

local function sort(list)
  local sorted = {}
  for i = 1, #list do sorted[i] = list[i] end
  table.sort(sorted, function(a, b) return a < b end)
  return sorted[1] + sorted[math.floor(#sorted / 2)] + sorted[#sorted]
end

local sum = 0
for _ = 1, 30 do
  local list = numbers(20000)
  sum = sum + walk(list)
  sum = sum + filter_list(list)
  sum = sum + queue(20000)
  sum = sum + sort(list)
end
print(string.format("%d", sum))
