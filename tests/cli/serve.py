# SPDX-License-Identifier: GPL-3.0-or-later
"""serve.py PROGRAM DATA.csv PAGE.jpg - asks servers as clients do, good and bad ones.

In the current folder are svm.mnp, net.mnp, runs of which predict.csv has the predictions.  Prints
"ok" or "not ok", a tab, what was tried, a tab, what went wrong."""
import base64
import http.client
import json
import math
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib

PROGRAM, DATA, PAGE = sys.argv[1:4]
JSON, BYTES = "application/json", "application/octet-stream"


def told(what, wrong=""):
    print("not ok" if wrong else "ok", what, str(wrong).replace("\n", " ")[:500], sep="\t",
          flush=True)


class Server:
    """A server that is there when the block begins, and ends with it."""

    def __init__(self, *args, **environment):
        self.args = [PROGRAM, "serve", *args, "--port", "0"]
        self.environment = {**os.environ, **environment}

    def __enter__(self):
        self.process = subprocess.Popen(self.args, env=self.environment, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            found = re.search(r"http://[^/]*:(\d+)/", line)
            if found:
                self.port = int(found[1])
                return self
        raise RuntimeError(self.process.stderr.read())

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.end()

    def end(self, how=signal.SIGTERM):
        """(status, stderr) after the signal."""
        self.process.send_signal(how)
        try:
            err = self.process.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            err = self.process.communicate()[1] + "it did not end"
        return self.process.returncode, err

    def ask(self, method, path, body=None, type=None, **headers):
        """(status, answer) of a connection of its own."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {k.replace("_", "-"): v for k, v in headers.items()}
            c.request(method, path, body, {"Content-Type": type, **headers} if type else headers)
            r = c.getresponse()
            text = r.read()
            self.headers = dict(r.getheaders())
            kind = self.headers.get("Content-Type", "")
            return r.status, json.loads(text) if kind == JSON else text.decode()
        finally:
            c.close()

    def until(self, text):
        """Waits until the metrics have the text, half a minute at most."""
        deadline = time.monotonic() + 30
        while text not in self.ask("GET", "/metrics")[1] and time.monotonic() < deadline:
            time.sleep(0.02)

    def raw(self, *pieces, wait=0.0, seconds=20):
        """What comes back for bytes that are sent as they are, until the end."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as s:
            answer = b""
            try:
                for piece in pieces:
                    s.sendall(piece)
                    time.sleep(wait)
                while True:
                    more = s.recv(1 << 16)
                    if not more:
                        break
                    answer += more
            except OSError as e:
                answer += b" " + str(e).encode()
            return answer


def refused(s, what, status, error, *request, **headers):
    got = s.ask(*request, **headers)
    told(what, "" if got == (status, {"error": error}) else f"{got}, not {status} {error}")


def png(w, h, pixel):
    """A grey PNG of pixel(x, y)."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    rows = b"".join(b"\0" + bytes(pixel(x, y) for x in range(w)) for y in range(h))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def read_rows():
    with open(DATA) as f:
        lines = f.read().split("\n")[1:]
    return [[int(v) for v in line.split(",")[-784:]] for line in lines if line]


def read_expected(file):
    """[(class, scores)] of what `predict` wrote."""
    with open(file) as f:
        head, *lines = f.read().strip().split("\n")
    at = head.split(",").index("predicted")
    return [(v[at], [float(x) for x in v[at + 1:]])
            for v in (line.split(",") for line in lines)]


def same(answer, expected, key="scores"):
    if answer[0] != 200:
        return answer
    got = answer[1]["predictions"]
    if len(got) != len(expected):
        return f"{len(got)} predictions for {len(expected)} rows"
    for i, (p, (label, scores)) in enumerate(zip(got, expected)):
        if p["class"] != label or any(abs(a - b) > 1e-6 * max(1, abs(b)) for a, b in
                                      zip(p[key].values(), scores)):
            return f"row {i}: {p}, not {label} {scores}"
    return ""


# ------------------------------------------------------------------------- good requests


def answers(s, rows):
    expected = read_expected("svm.csv")
    square = [[r[28 * y:28 * y + 28] for y in range(28)] for r in rows]
    flat = bytes(v for r in rows for v in r)
    post = lambda body, type: s.ask("POST", "/predict", body, type)
    told("bytes: the scores of predict", same(post(flat, BYTES), expected))
    told("JSON: images of 784 values",
         same(post(json.dumps({"images": rows}), JSON), expected))
    told("JSON: images of rows, without braces", same(post(json.dumps(square), JSON), expected))
    told("JSON: one image", same(post(json.dumps(rows[0]), JSON), expected[:1]) or
         same(post(json.dumps({"images": square[1]}), JSON + "; charset=utf-8"), expected[1:2]))
    told("JSON with blanks, 7.0 and 1e1", same(post(
        json.dumps([[float(v) for v in rows[0]]], indent=2).replace(" 10.0,", " 1e1,"), JSON),
        expected[:1]))
    told("without a type, what it is tells", same(post(json.dumps(rows), None), expected))
    got = s.raw(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
                b"Content-Type:\r\nContent-Length: 3\r\n\r\n1,2" % s.port)
    told("an empty type is none", "" if b"Content-Type is none; expected image/png" in got else got)
    softmax = lambda v: [math.exp(x) / sum(map(math.exp, v)) for x in v]
    told("another bundle by its name, of logits: probabilities",
         same(s.ask("POST", "/predict?bundle=net", flat, BYTES),
              [(label, softmax(v)) for label, v in read_expected("net.csv")], "probabilities"))
    own = png(28, 28, lambda x, y: rows[0][28 * y + x])
    told("a PNG of the bundle's size is taken as it is", same(post(own, "image/png"), expected[:1]))
    p = post(flat, BYTES)[1]["predictions"][0]
    ranked = sorted(p["scores"], key=p["scores"].get)
    told("the first and the second choice", "" if [p["class"], p["second"]] == ranked[:-3:-1]
         else p)


def normalised(ink):
    """28 x 28 grey levels of rows of ink 0 or 1, as MNIST's makers describe them: the box around
    the ink 20 x 20 at most by the mean of areas, the centre of mass in the middle."""
    top = next(y for y, row in enumerate(ink) if any(row))
    bottom = len(ink) - next(y for y, row in enumerate(ink[::-1]) if any(row))
    left = min(row.index(1) for row in ink if 1 in row)
    right = max(len(row) - row[::-1].index(1) for row in ink if 1 in row)
    box = [row[left:right] for row in ink[top:bottom]]
    by = 20 / max(len(box), len(box[0]))

    def means(line, n):
        """Each of n equal parts of the line is its mean there."""
        step, out = len(line) / n, []
        for i in range(n):
            a, b = i * step, (i + 1) * step
            out.append(sum(v * max(0, min(k + 1, b) - max(k, a))
                           for k, v in enumerate(line)) / step)
        return out
    w, h = round(len(box[0]) * by), round(len(box) * by)
    across = [means(row, w) for row in box]
    small = list(zip(*(means(column, h) for column in zip(*across))))
    mass = sum(map(sum, small))
    y = round(14 - sum((i + .5) * sum(row) for i, row in enumerate(small)) / mass)
    x = round(14 - sum((i + .5) * v for row in small for i, v in enumerate(row)) / mass)
    out = [[0] * 28 for _ in range(28)]
    for i, row in enumerate(small):
        for j, v in enumerate(row):
            out[y + i][x + j] = int(255 * v + .5)
    return out


def pictures(s):
    """A seven, drawn dark on light and light on dark, in several sizes and places."""
    def stroke(scale, left, top, ink, paper):
        def pixel(x, y):
            x, y = (x - left) / scale, (y - top) / scale
            on = 0 <= x <= 60 and 0 <= y <= 12 or 0 <= y <= 100 and \
                abs(x - (54 - .38 * y)) <= 6
            return ink if on else paper
        return pixel
    made = {}
    for name, at in {"dark": (1, 50, 40, 0, 255), "light": (1, 50, 40, 255, 0),
                     "grey": (1, 50, 40, 60, 200), "placed": (1, 110, 90, 0, 255),
                     "large": (1.9, 4, 4, 0, 255)}.items():
        status, a = s.ask("POST", "/predict?stages=1", png(200, 200, stroke(*at)), "image/png")
        made[name] = (status, a.get("predictions"), a.get("remarks"), a["stages"][0]["grey"])
        if name in ("dark", "light"):
            want = {"height": 200, "width": 200, "normalised": True, "ink": name}
            told(f"a {name} drawing is brought to size",
                 "" if a["picture"] == want and a["predictions"][0]["class"] == "7" else a)
    told("dark on light, light on dark, grey on grey, elsewhere: the same image",
         "; ".join(n for n in ("light", "grey", "placed") if made[n] != made["dark"]))
    told("larger: the same digit", "" if made["large"][1][0]["class"] == "7" else made["large"][1])
    pixel = stroke(*(1, 50, 40, 0, 255))
    expected = normalised([[int(pixel(x, y) == 0) for x in range(200)] for y in range(200)])
    grey = base64.b64decode(made["dark"][3])   # 112 x 112, 255 is paper
    off = max(abs(255 - grey[4 * y * 112 + 4 * x] - expected[y][x])
              for y in range(28) for x in range(28))
    told("the size and the place are those of MNIST's digits", "" if off <= 1 else off)
    a = s.ask("POST", "/predict", png(90, 50, lambda x, y: 255), "image/png")[1]
    told("an empty drawing says that it is", "" if a["remarks"] ==
         ["the picture has no ink: nothing stands out from its border"] and
         a["predictions"][0]["remarks"] ==
         ["every pixel has the value 0: there is nothing to be seen"] else a)


def honesty(s, rows):
    post = lambda flat: s.ask("POST", "/predict", bytes(flat), BYTES)[1]
    a = post(255 - v for v in rows[0])
    told("ink and paper swapped are seen", "" if len(a["remarks"]) == 1 and
         "ink and paper may be swapped" in a["remarks"][0] else a["remarks"])
    a = post(v // 16 for v in rows[0])
    told("another range is seen", "" if len(a["remarks"]) == 1 and
         "values reach 15, those of the training rows 255" in a["remarks"][0] else a["remarks"])
    turned = [v for r in rows for v in (r[28 * y + x] for x in range(28) for y in range(28))]
    a = post(turned)
    told("rows that lie otherwise are seen", "" if len(a["remarks"]) == 1 and
         "seem to lie otherwise" in a["remarks"][0] else a["remarks"])
    told("nothing is said of what is right", post(v for r in rows for v in r)["remarks"] or "")


def reads(s):
    """A page with many digits, as the command `read` has it."""
    done = subprocess.run([PROGRAM, "read", PAGE, "--bundle", "svm.mnp", "--json"],
                          capture_output=True, text=True)
    expected = json.loads(done.stdout)[0]
    with open(PAGE, "rb") as f:
        page = f.read()
    status, a = s.ask("POST", "/read", page, "image/jpeg")
    remarks = a.pop("remarks", None)
    expected["picture"] = a["picture"]
    told("/read: what `read --json` prints", "" if (status, a) == (200, expected) and
         len(a["lines"]) == 6 else (status, a))
    told("and its warnings as remarks", "" if len(remarks) == done.stderr.count("warning: ")
         else (remarks, done.stderr))
    refused(s, "/read of no picture", 415, "the body of 2 bytes is neither PNG nor JPEG; expected "
            "one of these for Content-Type: image/...", "POST", "/read", b"[]", JSON)


def others(s):
    status, page = s.ask("GET", "/")
    told("the page, which loads nothing from elsewhere", "" if status == 200 and
         "<!doctype html>" in page and not re.search(r"(src|href)\s*=|url\(|@import", page)
         else status)
    policy = s.headers.get("Content-Security-Policy", "")
    told("and is not allowed to", "" if policy.startswith("default-src 'none'") else policy)
    told("HEAD has no body", "" if s.ask("HEAD", "/") == (200, "") else "")
    status, health = s.ask("GET", "/health")
    told("/health", "" if (status, health["status"], health["bundles"]) == (200, "ok", 2)
         else health)
    status, a = s.ask("GET", "/bundles")
    told("/bundles", "" if [b["name"] for b in a["bundles"]] == ["svm", "net"] and
         a["bundles"][0]["classes"] == [str(k) for k in range(10)] and
         "Access-Control-Allow-Origin" not in s.headers else a)


def evenly(labels, n):
    """The rows that a bundle keeps of n: as many of each class, as far apart as can be."""
    count = {k: labels.count(k) for k in sorted(set(labels), key=int)}
    quota = dict.fromkeys(count, 0)
    while n > 0 and any(quota[k] < count[k] for k in count):
        for k in count:
            if n > 0 and quota[k] < count[k]:
                quota[k] += 1
                n -= 1
    seen = dict.fromkeys(count, 0)
    for i, k in enumerate(labels):
        seen[k] += 1
        if seen[k] * quota[k] // count[k] > (seen[k] - 1) * quota[k] // count[k]:
            yield i


def kin(rows):
    """The nearest of the training rows that a bundle keeps."""
    with open("train.csv") as f:
        lines = [line.split(",") for line in f.read().split("\n")[1:] if line]
    labels = [line[0] for line in lines]
    own = {i: [int(v) for v in lines[i][-784:]] for i in evenly(labels, 50)}
    grey = lambda d, size: list(base64.b64decode(d["grey"])) if len(d["grey"]) > size else []
    with Server("kept.mnp", "svm.mnp", "wide.mnp") as s:
        ask = lambda row, query: s.ask("POST", "/predict?" + query, bytes(row), BYTES)
        a = ask(rows[0], "nearest=6")[1]["nearest"]
        apart = sorted((math.dist(x, rows[0]) / 255, i) for i, x in own.items())[:6]
        told("the nearest of the images that are kept, their classes and rows", "" if
             [(d["class"], d["row"]) for d in a["digits"]] ==
             [(labels[i], f"line {i + 2}") for _, i in apart] and
             all(abs(d["distance"] - gap) < 1e-5 * gap
                 for d, (gap, _) in zip(a["digits"], apart)) and
             (a["of"], a["space"], a["values"]) == (50, "pixels", 784) else (a, apart))
        told("as they are to be seen", "" if all(
            grey(d, 784) == [255 - v for v in own[i]] for d, (_, i) in zip(a["digits"], apart))
            else "no")
        i = max(own)
        a = ask(own[i], "nearest=100&stages=1")[1]
        told("one of them is its own nearest; no more come than there are", "" if
             (a["nearest"]["digits"][0]["row"], a["nearest"]["digits"][0]["distance"],
              len(a["nearest"]["digits"]), len(a["stages"])) == (f"line {i + 2}", 0, 50, 2) else a)
        kept = [b["kept"] for b in s.ask("GET", "/bundles")[1]["bundles"]]
        told("/bundles: how many are kept", "" if kept == [50, 0, 9] else kept)
        status, a = s.ask("POST", "/predict?nearest=3&bundle=wide",
                          png(30, 30, lambda x, y: 8 * x), "image/png")
        d = a["nearest"]["digits"][0] if status == 200 else {}
        told("of colour images, in another size", "" if status == 200 and
             len(base64.b64decode(d["rgb"])) == 3 * a["nearest"]["height"] * a["nearest"]["width"]
             and a["nearest"]["space"] == "hog" else (status, a))
        wrong = lambda what, error, query, body: refused(s, what, 400, error, "POST", "/predict?" +
                                                         query, body, BYTES)
        wrong("nearest of a bundle that keeps none", "the bundle keeps no training digits; expected "
              "one of `mnistpipe run PIPELINE --keep 2000`, which does", "bundle=svm&nearest=2",
              bytes(784))
        for text in "0", "101", "-1", "x", "", "9999999999":
            wrong("nearest=" + text, f"nearest={text}; expected a number 1..100, of digits to show",
                  "nearest=" + text, bytes(784))
        wrong("nearest of many", "the nearest digits are those of one image; 2 came", "nearest=2",
              bytes(1568))
        status, err = s.end()
        told("and this server had nothing to say", "" if (status, err) == (0, "") else err)


# -------------------------------------------------------------------------- bad requests


def mistakes(s):
    wrong = lambda what, error, body, type=JSON, status=400, path="/predict": \
        refused(s, what, status, error, "POST", path, body, type)
    wrong("an empty body", "0 bytes came; expected 784 for each image of 28 x 28", b"", BYTES)
    wrong("too few bytes", "1000 bytes came; expected 784 for each image of 28 x 28", bytes(1000),
          BYTES)
    wrong("empty JSON", 'the JSON ends after 0 bytes; expected {"images": [...]}, or an array of '
          'images', "")
    wrong("JSON that is cut", "the JSON ends after 18 bytes; expected a comma or ]",
          '{"images": [[0, 12')
    wrong("JSON of other keys", 'byte 2 of the JSON is "; expected "images"', '{"pixels": [[0]]}')
    wrong("JSON with more behind", "byte 4 of the JSON is x; expected the end", "[0]x")
    wrong("too few values", "the arrays have 2 x 3 values; expected n x 784, or n x 28 x 28",
          "[[1,2,3],[4,5,6]]")
    wrong("arrays of several lengths", "images[1] has 2 elements, the one before it 3; all have "
          "to have as many", "[[1,2,3],[4,5],[6]]")
    wrong("a value too high", "images[0][1] is 256; expected a value 0..255: 0 paper, 255 ink",
          "[[0,256]]")
    wrong("a value below 0", "images[0][1] is -1; expected a value 0..255: 0 paper, 255 ink",
          "[[0,-1]]")
    wrong("no number", "byte 5 of the JSON is n; expected a number", "[[0,null]]")
    for text in ("1e999", "0." + "1" * 200, "-"):
        wrong("no number that is read: " + text[:6], "images[0][1] is no number that can be read; "
              "expected a value 0..255: 0 paper, 255 ink", "[[0,%s]]" % text)
    wrong("no values", "images[0] is empty; expected values", '{"images": [[]]}')
    wrong("no images", "images is empty; expected images", '{"images": []}')
    wrong("values of 0..1", "the values are 0..1 with fractions; expected 0..255: multiply them "
          "by 255", json.dumps([[0.5] * 784]))
    wrong("arrays too deep", "byte 5 of the JSON is [; expected a number: arrays lie four deep at "
          "most", "[[[[[" * 1000)
    wrong("another type", "Content-Type is text/csv; expected image/png, image/jpeg, "
          "application/json or application/octet-stream", "1,2", "text/csv", 415)
    wrong("no picture", "the body of 5 bytes is neither PNG nor JPEG; expected one of these for "
          "Content-Type: image/...", "hello", "image/png", 415)
    status, a = s.ask("POST", "/predict", png(40, 40, lambda x, y: x)[:80], "image/png")
    told("a PNG that is cut", "" if status == 400 and
         a["error"].startswith("the picture is a damaged PNG (") else a)
    big = bytearray(png(10, 10, lambda x, y: 0))
    big[16:24] = struct.pack(">II", 5000, 5000)
    big[29:33] = struct.pack(">I", zlib.crc32(big[12:29]))
    wrong("a PNG of too many pixels", "the picture has 5000 x 5000 pixels; expected no more than "
          "1000000", bytes(big), "image/png")
    wrong("a bundle that there is not", 'there is no bundle "x"; expected one of svm, net', "[]",
          path="/predict?bundle=x", status=404)
    wrong("stages of many", "stages=1 shows one image; 2 came", bytes(1568), BYTES,
          path="/predict?stages=1")
    wrong("too long a body", "the body has 1200000 bytes; expected 1048576 at most",
          bytes(1200000), BYTES, 413)
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=30)
    c.request("POST", "/predict", (bytes(1 << 16) for _ in range(20)), {"Content-Type": BYTES},
              encode_chunked=True)
    r = c.getresponse()
    told("too long a body that comes in pieces", "" if (r.status, json.loads(r.read())["error"]) ==
         (413, "the body has more; expected 1048576 at most") else r.status)
    c.close()
    refused(s, "another path", 404, "there is no /x; expected one of /, /predict, /read, /bundles, "
            "/health, /metrics", "GET", "/x")
    refused(s, "another method", 405, "/predict takes POST, not GET", "GET", "/predict")
    told("which ones it takes", "" if s.headers.get("Allow") == "POST" else s.headers)


def strangers(s):
    refused(s, "a page of another site", 403, "Origin: http://evil.example: pages of other sites "
            "may not ask; expected that of this server, or none", "POST", "/predict", b"", BYTES,
            Origin="http://evil.example")
    refused(s, "a page from nowhere", 403, "Origin: null: pages of other sites may not ask; "
            "expected that of this server, or none", "POST", "/predict", b"", BYTES, Origin="null")
    refused(s, "another machine's name", 403, f"Host: evil.example:{s.port} is another machine's "
            f"name; expected 127.0.0.1:{s.port} or localhost:{s.port}", "GET", "/health",
            Host=f"evil.example:{s.port}")
    refused(s, "a name that begins like an address", 403, f"Host: 127.example:{s.port} is another "
            f"machine's name; expected 127.0.0.1:{s.port} or localhost:{s.port}", "GET", "/health",
            Host=f"127.example:{s.port}")
    own = f"localhost:{s.port}"
    told("its own page may ask", "" if s.ask("GET", "/bundles", Host=own,
                                             Origin="http://" + own)[0] == 200 else "refused")


def hostile(s, rows):
    ask = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %d\r\n" \
          b"Content-Type: application/octet-stream\r\n\r\n"
    one = ask % (s.port, 784) + bytes(rows[0])
    got = s.raw(one + one + one.replace(b"Host", b"Connection: close\r\nHost"))
    told("requests that are sent at once are answered one by one",
         "" if got.count(b'"predictions"') == 3 else got)
    one = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % s.port
    got = s.raw(one + one + one.replace(b"Host", b"Connection: close\r\nHost"))
    told("a connection is kept after GET, too", "" if got.count(b'"ok"') == 3 else got)
    got = s.raw(b"nonsense\r\n\r\n")
    told("nonsense is no request", "" if got.startswith(b"HTTP/1.1 400") or got == b"" or
         b"400" in got[:20] else got)
    got = s.raw(b"GET /health HTTP/1.1\r\nX: " + b"x" * 100000 + b"\r\n\r\n")
    told("headers without end are refused", "" if re.match(rb"HTTP/1.1 4\d\d", got) or
         b"reset" in got or b"Broken pipe" in got else got[:200])
    for what, text in (
            ("a handshake of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(509)),
            ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("HTTP/0.9", b"GET / HTTP/0.9\r\n\r\n"), ("a line without end", b"GET /" + b"x" * 40000)):
        got = s.raw(text, b"\r\n\r\n")
        told(f"{what} is refused, in the library's words", "" if got == b"" or b"reset" in got or
             b"Broken pipe" in got or (re.match(rb"HTTP/1.1 (4\d\d|505) ", got) and b"<html>" in got)
             else got[:200])
    for cut in (5, 40, len(one) - 100):
        with socket.create_connection(("127.0.0.1", s.port)) as c:
            c.sendall(one[:cut])
    got = s.raw(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: -5\r\n\r\n"
                % s.port)
    told("a length below 0 is refused", "" if re.match(rb"HTTP/1.1 4\d\d", got) else got[:200])
    told("and all others are served", "" if s.ask("GET", "/health")[0] == 200 else "no")


def mutant(rng, seed):
    """The request with some of it changed, lost, doubled or from another place."""
    b = bytearray(seed)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at, n = rng.randrange(len(b)), rng.choice((1, 1, 3, 40))
        kind = rng.randrange(5)
        if kind == 0:
            b[at] = rng.randrange(256)
        elif kind == 1:
            del b[at:at + n]
        elif kind == 2:
            b[at:at] = b[at:at + n]
        elif kind == 3:
            b[at:at] = rng.choice((b"\r\n", b"\r\n\r\n", b"[", b"]", b"[[[[[", b",", b"-1", b"1e99",
                                   b"\0", b'"', b"\xff", b"99999999999999999999", b": ", b"{"))
        else:
            b[at:at] = b[rng.randrange(len(b)):][:n]
        if not b:
            b = bytearray(b"x")
    return bytes(b)


def mutants(s, rows):
    """Requests that are nearly right, MUTANTS of them: what answers there are are whole."""
    head = "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\nContent-Type: %s\r\n" \
           "Content-Length: %d\r\n\r\n"
    made = lambda path, type, body: (head % (path, s.port, type, len(body))).encode() + body
    own = png(28, 28, lambda x, y: rows[0][28 * y + x])
    chunked = made("/predict", BYTES, bytes(rows[0])).replace(
        b"Content-Length: 784", b"Transfer-Encoding: chunked").replace(
        b"\r\n\r\n", b"\r\n\r\n310\r\n") + b"\r\n0\r\n\r\n"
    with open(PAGE, "rb") as f:
        page = f.read()
    seeds = [made("/predict", BYTES, bytes(rows[0])), chunked,
             made("/predict?bundle=net", JSON, json.dumps({"images": rows[:2]}).encode()),
             made("/predict?stages=1", "image/png", own), made("/predict", "image/jpeg", page),
             made("/predict?nearest=5&bundle=kept", BYTES, bytes(rows[1])),
             made("/read", "image/png", own), b"GET /bundles HTTP/1.1\r\nHost: localhost:%d\r\n"
             b"Connection: close\r\n\r\n" % s.port]
    wrong, each = [], int(os.environ.get("MUTANTS", "160")) // 8

    def client(number):
        rng = random.Random(number)
        for _ in range(each):
            text = mutant(rng, rng.choice(seeds))
            with socket.create_connection(("127.0.0.1", s.port), timeout=60) as c:
                try:
                    c.sendall(text)
                    c.shutdown(socket.SHUT_WR)
                    answer = b"".join(iter(lambda: c.recv(1 << 16), b""))
                except OSError:
                    continue
            for found in re.finditer(rb"HTTP/1.1 \d+ [^\r]*\r\n(.*?)\r\n\r\n", answer, re.S):
                length = re.search(rb"Content-Length: (\d+)", found[1])
                body = answer[found.end():][:int(length[1])] if length else b""
                try:
                    if b"Content-Type: application/json" in found[1]:
                        json.loads(body)
                except ValueError as e:
                    wrong.append((e, body[:300], text[:300]))
    clients = [threading.Thread(target=client, args=(i,)) for i in range(8)]
    for t in clients:
        t.start()
    for t in clients:
        t.join()
    told("requests that are nearly right", wrong[0] if wrong else s.process.poll() or "")
    s.until("at_work 1\n")
    told("leave nothing behind", "" if "at_work 1\n" in s.ask("GET", "/metrics")[1] else
         s.ask("GET", "/metrics")[1])


def slow():
    with Server("svm.mnp", "--timeout", "0.5") as s:
        start = time.monotonic()
        got = s.raw(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % s.port, wait=0.01)
        took = time.monotonic() - start
        told("headers that do not come whole", "" if b" 408 " in got[:20] and took < 5 and
             b"the request had not come whole after 0.5 seconds" in got else (took, got))
        body = [b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 784\r\n"
                b"Content-Type: application/octet-stream\r\n\r\n" % s.port] + [b"x"] * 40
        start = time.monotonic()
        got = s.raw(*body, wait=0.05)
        took = time.monotonic() - start
        told("a body that comes a byte at a time", "" if took < 5 and b"200 OK" not in got
             else (took, got))
        s.until("mnistpipe_slow_total 2\n")
        text = s.ask("GET", "/metrics")[1]
        told("the metrics tell of them", "" if "mnistpipe_slow_total 2\n" in text else text)
    with Server("svm.mnp", "--timeout", "60", "--connections", "3") as s:
        idle = []
        for i in range(3):
            s.until(f"mnistpipe_connections {i + 1}\n")
            idle.append(socket.create_connection(("127.0.0.1", s.port)))
        time.sleep(0.2)
        refused(s, "one connection too many", 503, "there are 3 connections already; expected no "
                "more: come again later", "GET", "/health")
        for c in idle:
            c.close()
        deadline = time.monotonic() + 30
        while s.ask("GET", "/metrics")[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        text = s.ask("GET", "/metrics")[1]
        told("and once they have gone, all is well", "" if
             re.search(r"mnistpipe_turned_away_total [1-9]", text) else text)


# ------------------------------------------------------------------------------ its life


def metrics(s):
    text = s.ask("GET", "/metrics")[1]
    lines = text.strip().split("\n")
    bad = [x for x in lines if not re.match(
        r"# (HELP|TYPE) mnistpipe_\w+ .+$|mnistpipe_\w+(\{\w+=\"[^\"]*\"(,\w+=\"[^\"]*\")*\})? "
        r"[0-9.e+-]+$", x)]
    told("/metrics is in Prometheus' form", bad or "")
    value = dict(x.rsplit(" ", 1) for x in lines if x[0] != "#")
    counts = [int(value[f'mnistpipe_request_seconds_bucket{{le="{le}"}}'])
              for le in re.findall(r'bucket\{le="([^"]*)"', text)]
    told("and counts requests by route and code, and how long they took", "" if
         int(value['mnistpipe_requests_total{route="/predict",code="200"}']) > 10 and
         int(value['mnistpipe_requests_total{route="/predict",code="415"}']) == 3 and
         counts == sorted(counts) and counts[-1] == int(value["mnistpipe_request_seconds_count"])
         else text)


def reloads(rows):
    """Bundles change under the hands of clients, and no request is lost."""
    flat = bytes(rows[0])
    shutil.copy("svm.mnp", "now.mnp")
    expected = [read_expected("svm.csv")[:1], read_expected("other.csv")[:1]]
    with Server("now.mnp") as s:
        lost, seen, stop = [], set(), threading.Event()

        def client():
            c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=30)
            while not stop.is_set():
                try:
                    c.request("POST", "/predict", flat, {"Content-Type": BYTES})
                    r = c.getresponse()
                    answer = r.status, json.loads(r.read())
                    fits = [k for k in (0, 1) if not same(answer, expected[k])]
                    seen.update(fits)
                    if not fits:
                        lost.append(answer)
                except OSError as e:
                    lost.append(e)
            c.close()
        clients = [threading.Thread(target=client) for _ in range(4)]
        for t in clients:
            t.start()
        for i in range(6):
            shutil.copy("other.mnp" if i % 2 == 0 else "svm.mnp", "next.mnp")
            os.rename("next.mnp", "now.mnp")
            s.process.send_signal(signal.SIGHUP)
            s.until(f"mnistpipe_reloads_total {i + 1}\n")
        stop.set()
        for t in clients:
            t.join()
        told("SIGHUP: every request is answered by the old bundle or the new one",
             lost[0] if lost else "" if seen == {0, 1} else f"only {seen}")
        with open("now.mnp", "wb") as f:
            f.write(b"no bundle")
        s.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        good = s.ask("POST", "/predict", flat, BYTES)[0] == 200
        err = s.end()[1].strip().split("\n")
        told("SIGHUP: what is no bundle leaves the old one at work", "" if good and
             re.fullmatch(r"mnistpipe: now.mnp: .*; the bundles from before go on", err[-1]) and
             err[:-1] == ["read again: 1 bundle"] * 6 else err)


def ends(rows):
    flat = bytes(v for r in rows for v in r) * 20
    for how in signal.SIGTERM, signal.SIGINT:
        with Server("svm.mnp") as s:
            c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=30)
            c.putrequest("POST", "/predict")
            c.putheader("Content-Type", BYTES)
            c.putheader("Content-Length", str(len(flat)))
            c.endheaders(flat[:1000])
            s.until("at_work 2\n")
            s.process.send_signal(how)
            time.sleep(0.1)
            c.send(flat[1000:])
            r = c.getresponse()
            n = len(json.loads(r.read())["predictions"])
            status, err = s.process.wait(30), s.process.stderr.read()
            told(f"{how.name}: what is under way is answered, and the end is a good one",
                 "" if (n, status, err) == (20 * len(rows), 0, "") else (n, status, err))


def alone():
    with Server("svm.mnp") as s:
        done = subprocess.run([PROGRAM, "serve", "svm.mnp", "--port", str(s.port)],
                              capture_output=True, text=True)
        told("a port that is taken", "" if (done.returncode, done.stderr) == (
            1, f"mnistpipe: port {s.port} of 127.0.0.1 is taken by another program; --port N takes "
            "another one, --port 0 any that is free\n") else done)


def tokens():
    secret = "0123456789abcdef"
    with open("token", "w") as f:
        f.write(secret + "\n")
    for name, s in {"--token": Server("svm.mnp", "--token", "token", "--listen", "0.0.0.0"),
                    "MNISTPIPE_TOKEN": Server("svm.mnp", MNISTPIPE_TOKEN=secret)}.items():
        with s:
            no = "expected Authorization: Bearer TOKEN, with the token that the server was " \
                 "started with"
            refused(s, f"{name}: no token", 401, "no token; " + no, "GET", "/bundles")
            refused(s, f"{name}: another token", 401, "another token; " + no, "GET", "/bundles",
                    Authorization="Bearer 0123456789abcdeF")
            told(f"{name}: the token", "" if s.ask(
                "GET", "/bundles", Authorization="Bearer " + secret)[0] == 200 and
                s.ask("GET", "/")[0] == 200 else "refused")


def main():
    rows = read_rows()
    with Server("svm.mnp", "net.mnp", "--body", "1", "--pixels", "1") as s:
        answers(s, rows)
        pictures(s)
        honesty(s, rows)
        reads(s)
        others(s)
        mistakes(s)
        strangers(s)
        hostile(s, rows)
        metrics(s)
        status, err = s.end()
        told("it ends well, and had nothing to say", "" if (status, err) == (0, "")
             else (status, err))
    with Server("svm.mnp", "net.mnp", "kept.mnp", "--body", "1", "--pixels", "1") as s:
        mutants(s, rows)
        status, err = s.end()
        told("and the end is a good one", "" if (status, err) == (0, "") else (status, err))
    kin(rows)
    slow()
    reloads(rows)
    ends(rows)
    alone()
    tokens()
    with Server("svm.mnp", "--log") as s:
        s.ask("GET", "/he%0Aalth?x=1")
        err = s.end()[1]
        told("--log: a line a request", "" if re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 127\.0\.0\.1 GET /he\\x0aalth 404 0 \d+\.\d{3}\n",
            err) else err)


main()
