"""Python's own HTTP server, encrypted, and one without encryption that sends everybody there.

Usage: https_server.py FOLDER CERTIFICATE
Writes "ready PORT PLAINPORT": the files of FOLDER are at https://localhost:PORT/, and a request to the
other port is redirected there. The path /cut is answered with a body that ends with the connection, which
is closed without the word that TLS has for that; /ended is the same, properly. /bye is answered, and the
connection closed that was to be kept.
"""

import functools
import http.server
import ssl
import sys
import threading

folder, certificate = sys.argv[1:]


class Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/bye":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nbye")
            self.close_connection = True
            return
        if self.path not in ("/cut", "/ended"):
            return super().do_GET()
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it?")
        if self.path == "/ended":
            self.connection.unwrap()
        self.close_connection = True

    def log_message(self, *_):
        pass


class Redirect(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(301)
        self.send_header("Location", f"https://localhost:{secure.server_port}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass


secure = Quiet(("127.0.0.1", 0), functools.partial(Files, directory=folder))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
secure.socket = context.wrap_socket(secure.socket, server_side=True)
plain = Quiet(("127.0.0.1", 0), Redirect)
threading.Thread(target=plain.serve_forever, daemon=True).start()
print("ready", secure.server_port, plain.server_port, flush=True)
secure.serve_forever()
