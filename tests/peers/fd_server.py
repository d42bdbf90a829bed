"""Passes a pipe, a file and a socket to its one client at PATH, and takes what comes back.

usage: fd_server.py PATH
"""
import os, socket, sys, tempfile

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
print("ready", sys.argv[1], flush=True)
client, _ = listener.accept()

reading, writing = os.pipe()
file = tempfile.TemporaryFile()
file.write(b"from the file")
file.flush()
file.seek(0)
ours, theirs = socket.socketpair()
socket.send_fds(client, [b"three things"], [reading, file.fileno(), theirs.fileno()])
os.write(writing, b"through the pipe")
os.close(writing)
print(ours.recv(100))
message, descriptors, _, _ = socket.recv_fds(client, 100, 5)
print(message, len(descriptors))
with socket.socket(fileno=descriptors[0]) as received:
    received.sendall(b"from python")
client.sendall(b"end")
client.close()
