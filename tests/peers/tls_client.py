"""Encrypted clients of an echo server of lines, all at once.

Usage: tls_client.py PATH|PORT AUTHORITY VERSION COUNT
AUTHORITY is the PEM file of whom to trust, VERSION 1.2 or 1.3, COUNT how many clients.
All are connected before the first one sends. Prints how many got back what they sent, and how many
were told that this was all.
"""

import ssl
import sys
from concurrent.futures import ThreadPoolExecutor

from place import connect

place, authority, version, count = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
context.minimum_version = context.maximum_version = {
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}[version]
clients = [
    context.wrap_socket(
        connect(place), server_hostname="localhost", suppress_ragged_eofs=False
    )
    for _ in range(int(count))
]


def talk(number):
    client = clients[number]
    answers = client.makefile("rb")
    for round in range(3):
        line = (b"%d " % number) * (100 * round + 1) + b"\n"
        client.sendall(line)
        if answers.readline() != line:
            return (0, 0)
    client.sendall(b"quit\n")
    # An end that nobody spoke of would be an exception.
    return (1, answers.read() == b"")


with ThreadPoolExecutor(len(clients)) as pool:
    results = list(pool.map(talk, range(len(clients))))
print(sum(good for good, _ in results), sum(ended for _, ended in results))
