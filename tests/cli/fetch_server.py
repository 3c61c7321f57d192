#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fetch_server.py FOLDER - mirrors of every temper, on loopback, for fetch.sh.

Serves FOLDER/files/NAME as /TEMPER/NAME.  The port goes to FOLDER/port, a line
"TEMPER NAME RANGE STATUS" for every request to FOLDER/log.

    good      answers ranges
    norange   sends the whole file whatever was asked
    cut       breaks off in the middle of a whole file; answers ranges
    cutonce   breaks off in the middle, and refuses ranges with 404
    flaky     breaks off in the middle, and ignores ranges
    wrong     right size, other bytes
    long      sends more than was asked for, without telling how much
    short     a small page in place of the file, as a captive portal does
    slow      never gets beyond the middle
    redirect  to good;  toftp, tofile: to where nobody should follow
    anything else is 404
"""
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

folder = Path(sys.argv[1])


class Mirror(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def head(self, status, size=None, **fields):
        with open(folder / "log", "a") as log:
            print(self.temper, self.name, self.headers.get("Range", "-"), status, file=log)
        self.send_response(status)
        if size is None:
            self.close_connection = True
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(size))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def whole(self, body):
        self.head(200, len(body))
        self.wfile.write(body)

    def ranged(self, body):
        asked = self.headers.get("Range")
        if asked is None:
            return self.whole(body)
        first = int(asked.removeprefix("bytes=").removesuffix("-"))
        if first >= len(body):
            return self.head(416, 0, Content_Range=f"bytes */{len(body)}")
        last = len(body) - 1
        self.head(206, len(body) - first, Content_Range=f"bytes {first}-{last}/{len(body)}")
        self.wfile.write(body[first:])

    def half(self, body):
        self.head(200, len(body))
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.close_connection = True

    def do_GET(self):
        _, self.temper, self.name = self.path.split("/", 2)
        path = folder / "files" / self.name
        body = path.read_bytes() if path.is_file() else b""
        ranged = "Range" in self.headers
        if self.temper == "good" and body:
            self.ranged(body)
        elif self.temper == "norange":
            self.whole(body)
        elif self.temper == "cut":
            self.ranged(body) if ranged else self.half(body)
        elif self.temper == "flaky" or self.temper == "cutonce" and not ranged:
            self.half(body)
        elif self.temper == "wrong":
            self.ranged(bytes(255 - b for b in body))
        elif self.temper == "long":
            self.head(200)
            self.wfile.write(body + body)
        elif self.temper == "short":
            self.whole(b"<html>please log in</html>")
        elif self.temper == "slow":
            self.head(200, len(body))
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            time.sleep(20)
        elif self.temper == "redirect":
            self.head(302, 0, Location=f"/good/{self.name}")
        elif self.temper == "tofile":
            self.head(302, 0, Location=f"file://{path}")
        elif self.temper == "toftp":
            self.head(302, 0, Location=f"ftp://127.0.0.1/{self.name}")
        else:
            self.head(404, 0)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args):  # a client that hangs up is part of the tests
        pass


server = Server(("127.0.0.1", 0), Mirror)
(folder / "port.new").write_text(str(server.server_port))
(folder / "port.new").rename(folder / "port")
server.serve_forever()
