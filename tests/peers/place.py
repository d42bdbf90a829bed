"""Where a peer connects to: PATH of a Unix socket, or PORT on the loopback."""

import socket


def connect(place):
    if place.isdigit():
        return socket.create_connection(("127.0.0.1", int(place)), timeout=60)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(60)
    client.connect(place)
    return client
