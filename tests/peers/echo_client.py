"""A client: sends text, ends its output, prints everything that comes back until the end.

Usage: echo_client.py PATH | PORT TEXT
"""

import socket
import sys

place, text = sys.argv[1:3]
if place.isdigit():
    client = socket.create_connection(("127.0.0.1", int(place)), timeout=60)
else:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(60)
    client.connect(place)
client.sendall(text.encode())
client.shutdown(socket.SHUT_WR)
answer = b""
while part := client.recv(4096):
    answer += part
print(answer.decode(), flush=True)
