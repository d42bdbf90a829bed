"""The server of benches/http/run with Python's asyncio alone: a port.

It reads a head line by line into a dictionary and checks nothing; what asyncio leaves to do for a real one comes
on top.
"""

import asyncio
import sys

RESPONSE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain;charset=utf-8\r\nContent-Length: 13\r\n\r\nHello, World!"
)


async def serve(reader, writer):
    while line := await reader.readline():
        method, target, version = line.split()
        headers = {}
        while (line := await reader.readline()) not in (b"\r\n", b""):
            name, value = line.split(b":", 1)
            headers[name.lower()] = value.strip()
        writer.write(RESPONSE)
        await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
