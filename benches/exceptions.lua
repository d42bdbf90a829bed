-- 300,000 errors that are thrown and caught ten calls further out. What is resumed in Smalltalk is
-- a function that is called here.

local function fail(n)
  if n == 0 then error({ text = "no" }) end
  local value = fail(n - 1)
  return value
end

local function warn(n, handler)
  if n == 0 then return handler({ text = "perhaps" }) end
  local value = warn(n - 1, handler)
  return value
end

local sum = 0
for _ = 1, 100000 do
  for _ = 1, 2 do
    local ok, problem = pcall(fail, 10)
    if not ok then sum = sum + #problem.text end
  end
  local ok, value = pcall(function() return warn(10, function() return 3 end) + 1 end)
  if ok then sum = sum + value end
end
print(string.format("%d", sum))
