-- Sends back whatever comes, one coroutine for each connection. The argument is a path or a port.
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local socket, unix, loop = require "socket", require "socket.unix", require "loop"

local place = arg[1]
local listener
if place:match("^%d+$") then
  listener = assert(socket.bind("127.0.0.1", tonumber(place), 128))
  place = select(2, listener:getsockname())
else
  listener = unix.stream()
  assert(listener:bind(place))
  assert(listener:listen(128))
end
listener:settimeout(0)
print("ready " .. place)
io.stdout:flush()

local function serve(connection)
  connection:settimeout(0)
  while true do
    local data = loop.receive(connection, 8192)
    if not data or not loop.send(connection, data) then break end
  end
  connection:close()
end

loop.spawn(function()
  while true do loop.spawn(serve, loop.accept(listener)) end
end)
loop.run()
