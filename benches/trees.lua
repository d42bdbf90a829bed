-- Binary trees: one that lives on, of depth 16, and a hundred of depth 14 that are counted and dropped.

local function tree(depth)
  if depth == 0 then return {} end
  return { left = tree(depth - 1), right = tree(depth - 1) }
end

local function count(node)
  local left = node.left
  if left == nil then return 1 end
  return count(left) + count(node.right) + 1
end

local lasting = tree(16)
local sum = 0
for _ = 1, 100 do sum = sum + count(tree(14)) end
print(string.format("%d", sum + count(lasting)))
