"""Sends back whatever comes, with asyncio's streams: one coroutine for each connection.
The argument is a path or a port."""

import asyncio
import sys


async def serve(reader, writer):
    while data := await reader.read(8192):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main(place):
    if place.isdigit():
        server = await asyncio.start_server(serve, "127.0.0.1", int(place), backlog=128)
        place = server.sockets[0].getsockname()[1]
    else:
        server = await asyncio.start_unix_server(serve, place, backlog=128)
    print("ready", place, flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
