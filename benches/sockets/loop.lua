-- Coroutines over socket.select: what a Lua program with many connections has to bring along.
local socket = require "socket"

local loop = {}
local reading, writing, waiting = {}, {}, {}
local alive = 0

local function add(list, s)
  if not list[s] then
    list[#list + 1] = s
    list[s] = #list
  end
end

local function remove(list, s)
  local at = list[s]
  if at then
    local last = list[#list]
    list[at], list[last] = last, at
    list[#list], list[s] = nil, nil
  end
end

local function wait(list, s)
  add(list, s)
  waiting[s] = coroutine.running()
  coroutine.yield()
end

function loop.spawn(f, ...)
  alive = alive + 1
  local co = coroutine.create(function(...)
    f(...)
    alive = alive - 1
  end)
  assert(coroutine.resume(co, ...))
end

-- Whatever is there, at most `size` bytes; nil at the end.
function loop.receive(s, size)
  while true do
    local data, problem, part = s:receive(size)
    data = data or part
    if data and #data > 0 then return data end
    if problem == "closed" then return nil end
    wait(reading, s)
  end
end

function loop.send(s, data)
  local at = 0
  while at < #data do
    local sent, problem, partial = s:send(data, at + 1)
    at = sent or partial
    if problem == "closed" then return nil end
    if at < #data then wait(writing, s) end
  end
  return true
end

function loop.accept(s)
  while true do
    local connection = s:accept()
    if connection then return connection end
    wait(reading, s)
  end
end

function loop.run()
  while alive > 0 do
    local readable, writable = socket.select(reading, writing)
    for _, s in ipairs(readable) do
      remove(reading, s)
      assert(coroutine.resume(waiting[s]))
    end
    for _, s in ipairs(writable) do
      remove(writing, s)
      assert(coroutine.resume(waiting[s]))
    end
  end
end

return loop
