"""The client of benches/tls/run: port, how many connections, how many MiB each, authority.

A session is taken up again as in chirp, which does so by itself.
"""

import socket
import ssl
import sys

port, connections, mebibytes = (int(argument) for argument in sys.argv[1:4])
context = ssl.create_default_context(cafile=sys.argv[4])
buffer = bytearray(65536)
session = None
for _ in range(connections):
    stream = context.wrap_socket(
        socket.create_connection(("127.0.0.1", port)), server_hostname="localhost", session=session
    )
    stream.sendall(b"\1")
    left = mebibytes * 1048576 + 1
    while left > 0:
        left -= stream.recv_into(buffer)
    session = stream.session
    stream.close()
