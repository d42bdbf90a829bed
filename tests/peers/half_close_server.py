"""Three connections, each of which ends in another way.

usage: half_close_server.py PATH|0
"""
import socket, sys
from place import listen

listener = listen(sys.argv[1])

# The client ends its output first.
with listener.accept()[0] as client:
    question = b""
    while part := client.recv(100):
        question += part
    client.sendall(b"answer to " + question)

# We end ours first.
with listener.accept()[0] as client:
    client.sendall(b"first words")
    client.shutdown(socket.SHUT_WR)
    answer = b""
    while part := client.recv(100):
        answer += part
    print(answer)

# Words, and away, with unread data in the way.
with listener.accept()[0] as client:
    client.sendall(b"413")
