"""An encrypted echo server for one connection.

Usage: tls_server.py PATH|0 CERTIFICATE VERSION MANNER
0 is a port that is free, CERTIFICATE a PEM file with its key, VERSION 1.2 or 1.3.
Writes "ready PLACE" when a client may connect, then what there is to say about the connection.

MANNER is how the server behaves:
  echo     sends back what comes until the client has finished, then finishes itself
  bytes    the same, but everything goes out a byte at a time
  cut      sends "some" and closes the connection without a word
  half     sends half of its part of the handshake and closes
  noise    answers with what is no TLS
  damaged  sends "some", then a record in which one bit is wrong
"""

import contextlib
import socket
import ssl
import sys

from place import listen

place, certificate, version, manner = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
context.minimum_version = context.maximum_version = {
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}[version]

server = listen(place)
connection, _ = server.accept()
connection.settimeout(60)
if not place.startswith("/"):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
session = context.wrap_bio(incoming, outgoing, server_side=True)


def send():
    data = outgoing.read()
    if manner == "bytes":
        for byte in data:
            connection.send(bytes([byte]))
    elif manner == "half":
        connection.sendall(data[: len(data) // 2])
        # Who closes before everything was read resets the connection.
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
        sys.exit()
    elif data:
        connection.sendall(data)


def until(operation):
    while True:
        try:
            result = operation()
            send()
            return result
        except ssl.SSLWantReadError:
            send()
            data = connection.recv(65536)
            if data:
                incoming.write(data)
            else:
                incoming.write_eof()


if manner == "noise":
    connection.recv(65536)
    connection.sendall(b"HTTP/1.0 400 This is no place for TLS\r\n\r\n")
    connection.close()
    sys.exit()
try:
    until(session.do_handshake)
    print(session.version(), flush=True)
    if manner == "cut":
        session.write(b"some")
        send()
        # Not before the client has everything: else it may see a reset instead.
        until(lambda: session.read(1))
        connection.close()
    elif manner == "damaged":
        session.write(b"some")
        send()
        session.write(b"more")
        data = bytearray(outgoing.read())
        data[-1] ^= 1
        connection.sendall(data)
        print(connection.recv(65536) != b"", flush=True)
    else:
        total = 0
        while data := until(lambda: session.read(65536)):
            total += len(data)
            session.write(data)
            send()
        print(total, flush=True)
        # The client need not wait for this.
        with contextlib.suppress(ssl.SSLWantReadError, OSError):
            session.unwrap()
        with contextlib.suppress(OSError):
            send()
        connection.close()
except ssl.SSLError as error:
    print(error.reason, flush=True)
    # The client may have heard enough.
    with contextlib.suppress(OSError):
        send()
