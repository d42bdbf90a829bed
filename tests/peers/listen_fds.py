"""Starts a program as systemd would, with listening sockets as descriptors 3 and 4, and is their client.

usage: listen_fds.py PROGRAM FILE
"""
import os, socket, sys, tempfile

tcp = socket.create_server(("127.0.0.1", 0))
folder = tempfile.mkdtemp()
path = os.path.join(folder, "s")
local = socket.socket(socket.AF_UNIX)
local.bind(path)
local.listen(5)

child = os.fork()
if child == 0:
    # Out of the way first: either may be 3 or 4 already.
    first, second = os.dup(tcp.fileno()), os.dup(local.fileno())
    high = [os.dup2(first, 40), os.dup2(second, 41)]
    for number, source in zip((3, 4), high):
        os.dup2(source, number, inheritable=True)
    os.closerange(5, 64)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = "2"
    os.environ["LISTEN_FDNAMES"] = "web:local"
    os.execv(sys.argv[1], sys.argv[1:])

answers = []
with socket.create_connection(tcp.getsockname()) as client:
    client.sendall(b"over the network")
    answers.append(client.recv(100))
with socket.socket(socket.AF_UNIX) as client:
    client.connect(path)
    client.sendall(b"within the machine")
    answers.append(client.recv(100))
_, status = os.waitpid(child, 0)
# Only now, since the program writes to the same place.
for answer in answers:
    print(answer)
print(os.waitstatus_to_exitcode(status), os.path.exists(path))
os.unlink(path)
os.rmdir(folder)
