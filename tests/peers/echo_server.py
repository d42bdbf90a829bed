"""An echo server for one connection: recv(1024), print, send back.

Usage: echo_server.py PATH | echo_server.py PORT (0: a free one)
Writes "ready PLACE" when a client may connect, then what it received.
"""

import os
import socket
import sys

place = sys.argv[1]
if place.isdigit():
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", int(place)))
    place = str(server.getsockname()[1])
else:
    if os.path.exists(place):
        os.remove(place)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(place)
server.listen(1)
print("ready", place, flush=True)
connection, _ = server.accept()
data = connection.recv(1024)
print(data, flush=True)
connection.send(data)
connection.close()
if not place.isdigit():
    os.remove(place)
