"""Where a peer connects to, or listens: PATH of a Unix socket, or PORT on the loopback."""

import socket


def connect(place):
    if place.isdigit():
        return socket.create_connection(("127.0.0.1", int(place)), timeout=60)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(60)
    client.connect(place)
    return client


def listen(place):
    """A server at PATH, or with 0 at a port that is free; says where."""
    if place == "0":
        server = socket.create_server(("127.0.0.1", 0))
        place = str(server.getsockname()[1])
    else:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(place)
        server.listen(5)
    server.settimeout(60)
    print("ready", place, flush=True)
    return server
