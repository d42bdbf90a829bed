"""Echoes one connection until its end (or only listens), slowly if asked to, then closes.

Usage: bulk_server.py PATH | 0 PAUSE (seconds after each part) [only-listen]
Writes "ready PLACE", then how much it received, and "reset" if the connection broke.
"""

import os
import socket
import sys
import time

place, pause = sys.argv[1], float(sys.argv[2])
if place == "0":
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", 0))
    place = str(server.getsockname()[1])
else:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(place)
server.listen(1)
print("ready", place, flush=True)
connection, _ = server.accept()
count = 0
try:
    while part := connection.recv(65536):
        count += len(part)
        time.sleep(pause)
        if len(sys.argv) < 4:
            connection.sendall(part)
except OSError:
    print("reset", flush=True)
connection.close()
if not place.isdigit():
    os.remove(place)
print(count, flush=True)
