"""Echoes one connection until its end (or only listens), slowly if asked to, then closes.

Usage: bulk_server.py PATH | 0 PAUSE (seconds after each part) [only-listen]
Writes "ready PLACE", then how much it received, and "reset" if the connection broke.
"""

import os
import sys
import time

from place import listen

place, pause = sys.argv[1], float(sys.argv[2])
server = listen(place)
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
if place != "0":
    os.remove(place)
print(count, flush=True)
