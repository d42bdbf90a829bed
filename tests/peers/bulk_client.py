"""Sends SIZE bytes while it receives, ends its output, and says whether the same bytes came back.

Usage: bulk_client.py PATH | PORT SIZE PAUSE (seconds that the reader sleeps after each part)
"""

import socket
import sys
import threading
import time

from place import connect

place, size, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
client = connect(place)
data = (bytes(range(251)) * (size // 251 + 1))[:size]
answer = bytearray()


def receive():
    while part := client.recv(65536):
        answer.extend(part)
        time.sleep(pause)


reader = threading.Thread(target=receive)
reader.start()
client.sendall(data)
client.shutdown(socket.SHUT_WR)
reader.join()
print("same" if answer == data else f"different, {len(answer)} bytes", flush=True)
