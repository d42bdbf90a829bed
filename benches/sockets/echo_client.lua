-- Sends messages of 1024 bytes and waits for each to come back, on many connections at once.
-- Prints the seconds that took. Arguments: path or port, connections, requests of each.
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local socket, unix, loop = require "socket", require "socket.unix", require "loop"

local place, connections, requests = arg[1], tonumber(arg[2]), tonumber(arg[3])
local message = ("a"):rep(1024)
local start = socket.gettime()

local function client()
  local s
  if place:match("^%d+$") then
    s = assert(socket.connect("127.0.0.1", tonumber(place)))
  else
    s = unix.stream()
    assert(s:connect(place))
  end
  s:settimeout(0)
  for _ = 1, requests do
    loop.send(s, message)
    local missing = 1024
    while missing > 0 do missing = missing - #loop.receive(s, missing) end
  end
  s:close()
end

for _ = 1, connections do loop.spawn(client) end
loop.run()
print(socket.gettime() - start)
