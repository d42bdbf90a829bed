"""The server of benches/tls/run: how many connections, how many MiB each, certificate."""

import contextlib
import socket
import ssl
import sys

connections, mebibytes, certificate = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
listener = socket.create_server(("127.0.0.1", 0), backlog=50)
print(listener.getsockname()[1], flush=True)
data = b"\7" * 65536
for _ in range(connections):
    stream = context.wrap_socket(listener.accept()[0], server_side=True)
    stream.recv(1)
    for _ in range(mebibytes * 16):
        stream.sendall(data)
    stream.sendall(b"\7")
    with contextlib.suppress(OSError):
        stream.unwrap()
    stream.close()
