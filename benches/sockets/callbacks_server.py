"""Sends back whatever comes, with asyncio's protocols: callbacks, the faster and less readable half
of asyncio. The argument is a path or a port."""

import asyncio
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main(place):
    loop = asyncio.get_running_loop()
    if place.isdigit():
        server = await loop.create_server(Echo, "127.0.0.1", int(place), backlog=128)
        place = server.sockets[0].getsockname()[1]
    else:
        server = await loop.create_unix_server(Echo, place, backlog=128)
    print("ready", place, flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
