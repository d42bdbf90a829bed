-- The counting loop that the language has a form for: the numeric for here, to:do: in Smalltalk.

local function sum_to(limit)
  local sum = 0
  for i = 1, limit do sum = sum + i end
  return sum
end

print(string.format("%d", sum_to(100000000)))
