"""A client: sends text, ends its output, prints everything that comes back until the end.

Usage: echo_client.py PATH | PORT TEXT
"""

import socket
import sys

from place import connect

place, text = sys.argv[1:3]
client = connect(place)
client.sendall(text.encode())
client.shutdown(socket.SHUT_WR)
answer = b""
while part := client.recv(4096):
    answer += part
print(answer.decode(), flush=True)
