-- Calling functions: one that only computes, one that assigns a variable outside, one made anew each time.

local function apply(f, n)
  local sum = 0
  for i = 1, n do sum = sum + f(i) end
  return sum
end

local function repeat_do(n, f)
  for _ = 1, n do f() end
end

local function call(f) return f(1) end

local function made_anew(n)
  local sum = 0
  for i = 1, n do sum = sum + call(function(x) return x + i end) end
  return sum
end

local offset, count = 3, 0
print(string.format("%d", apply(function(x) return x + offset end, 5000000)))
repeat_do(5000000, function() count = count + 1 end)
print(string.format("%d", count))
print(string.format("%d", made_anew(2000000)))
