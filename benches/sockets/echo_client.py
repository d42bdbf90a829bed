"""Sends messages of 1024 bytes and waits for each to come back, on many connections at once.
Prints the seconds that took. Arguments: path or port, connections, requests of each."""

import asyncio
import sys
import time

MESSAGE = b"a" * 1024


async def client(place, requests):
    if place.isdigit():
        reader, writer = await asyncio.open_connection("127.0.0.1", int(place))
    else:
        reader, writer = await asyncio.open_unix_connection(place)
    for _ in range(requests):
        writer.write(MESSAGE)
        await reader.readexactly(1024)
    writer.close()


async def main(place, connections, requests):
    start = time.perf_counter()
    await asyncio.gather(*(client(place, requests) for _ in range(connections)))
    print(time.perf_counter() - start)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
