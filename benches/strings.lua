-- Building, searching, splitting, replacing and comparing text.

local words = { "alder", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo", "hazel", "ivy", "juniper" }

-- n words with their numbers, separated by spaces.
local function build(n)
  local out = {}
  for i = 1, n do
    out[#out + 1] = words[i % #words + 1]
    out[#out + 1] = "-"
    out[#out + 1] = tostring(i)
    out[#out + 1] = " "
  end
  return table.concat(out)
end

local function occurrences(part, text)
  local count, start = 0, 1
  while true do
    start = string.find(text, part, start, true)
    if not start then return count end
    count = count + 1
    start = start + #part
  end
end

local function split(text)
  local parts = {}
  for part in string.gmatch(text, "[^ ]+") do parts[#parts + 1] = part end
  return parts
end

local function lengths(text)
  local sum = 0
  for _, part in ipairs(split(text)) do sum = sum + #part end
  return sum
end

local function joined(text)
  local upper = {}
  for i, part in ipairs(split(text)) do upper[i] = string.upper(part) .. "!" end
  local sum = 0
  for _, part in ipairs(upper) do sum = sum + #part end
  return sum
end

local function vowels(text)
  local count = 0
  for i = 1, #text do
    if string.sub(text, i, i) == "e" then count = count + 1 end
  end
  return count
end

local function hash_of(text)
  local hash = 0
  for i = 1, #text do hash = (hash * 31 + string.byte(text, i)) % 1000003 end
  return hash
end

local sum = 0
for _ = 1, 40 do
  local text = build(5000)
  sum = sum + occurrences("juniper", text)
  sum = sum + lengths(text)
  sum = sum + joined(text)
  local replaced = string.gsub(text, "dogwood", "oak")
  sum = sum + #replaced
  sum = sum + vowels(replaced)
  sum = sum + hash_of(replaced)
  sum = sum + (replaced < text and 1 or 2)
end
print(string.format("%d", sum))
