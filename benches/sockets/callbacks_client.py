"""Sends messages of 1024 bytes and waits for each to come back, on many connections at once, with
callbacks. Prints the seconds that took. Arguments: path or port, connections, requests of each."""

import asyncio
import sys
import time

MESSAGE = b"a" * 1024


class Client(asyncio.Protocol):
    def __init__(self, requests, done):
        self.left, self.missing, self.done = requests, 1024, done

    def connection_made(self, transport):
        self.transport = transport
        transport.write(MESSAGE)

    def data_received(self, data):
        self.missing -= len(data)
        if self.missing > 0:
            return
        self.left -= 1
        if self.left == 0:
            self.transport.close()
            self.done.set_result(None)
            return
        self.missing = 1024
        self.transport.write(MESSAGE)


async def main(place, connections, requests):
    start = time.perf_counter()
    loop = asyncio.get_running_loop()
    waiting = []
    for _ in range(connections):
        done = loop.create_future()
        waiting.append(done)
        make = lambda done=done: Client(requests, done)
        if place.isdigit():
            await loop.create_connection(make, "127.0.0.1", int(place))
        else:
            await loop.create_unix_connection(make, place)
    await asyncio.gather(*waiting)
    print(time.perf_counter() - start)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
