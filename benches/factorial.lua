-- A large integer in limbs of seven digits: its product, its digits, the sum of them.

local BASE = 10000000
local limbs = { 1 }
for factor = 2, 10000 do
  local carry = 0
  for i = 1, #limbs do
    local product = limbs[i] * factor + carry
    carry = math.floor(product / BASE)
    limbs[i] = product - carry * BASE
  end
  while carry > 0 do
    limbs[#limbs + 1] = carry % BASE
    carry = math.floor(carry / BASE)
  end
end
local parts = { string.format("%d", limbs[#limbs]) }
for i = #limbs - 1, 1, -1 do parts[#parts + 1] = string.format("%07d", limbs[i]) end
local digits = table.concat(parts)
print(#digits)
local sum = 0
for i = 1, #digits do sum = sum + digits:byte(i) - 48 end
print(string.format("%d", sum))
