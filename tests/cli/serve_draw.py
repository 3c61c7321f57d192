# SPDX-License-Identifier: GPL-3.0-or-later
"""serve_draw.py CHROMIUM PROGRAM BUNDLE BARE DATA.csv PAGE.jpg - draws digits on the page of a
server, as people do, and reads the answers there.  BUNDLE keeps training images, BARE none.

The digits are those of DATA: each run of ink in a row is a stroke from left to right.  Prints "ok"
or "not ok", a tab, what was tried, a tab, what went wrong."""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import browser
from browser import Browser, told

READY = "document.readyState == 'complete' && typeof busy != 'undefined' && !busy && !again"
SIDE = 28
SEVEN = [(.3, .2), (.5, .2), (.7, .2), (.6, .42), (.5, .64), (.44, .82)]
TOKEN = "0123456789abcdef"


def read_digits(file):
    """{class: rows of a digit}, the first of each class."""
    found = {}
    with open(file) as f:
        for line in f.read().split("\n")[1:]:
            if line:
                values = [int(v) for v in line.split(",")]
                pixels = values[-SIDE * SIDE:]
                found.setdefault(values[0], [pixels[SIDE * y:SIDE * y + SIDE]
                                             for y in range(SIDE)])
    return found


def runs(digit):
    """[(x0, x1, y)] of ink, in pixels."""
    for y, row in enumerate(digit):
        x = 0
        while x < SIDE:
            start = x
            while x < SIDE and row[x] > 110:
                x += 1
            if x > start:
                yield start, x - 1, y
            x += 1


PATIENCE = 6000   # hundredths of a second: the machine may have other work


class Page:
    def __init__(self, b, port):
        self.b, self.port = b, port
        self.open()

    def open(self):
        self.b.ask("Page.navigate", url=f"http://127.0.0.1:{self.port}/")
        self.settle()

    def settle(self):
        """Until nothing is asked any more."""
        for _ in range(PATIENCE):
            if self.b.js(READY):
                return
            time.sleep(0.01)
        raise RuntimeError("the page does not come to rest")

    def text(self, id):
        return self.b.js(f"document.getElementById({id!r}).textContent")

    def at(self, x, y):
        """px of a place on the paper, whose sides are 0..1."""
        box = self.b.js("(r => [r.left, r.top, r.width])(pad.getBoundingClientRect())")
        return {"x": box[0] + x * box[2], "y": box[1] + y * box[2]}

    def tell(self, method, **params):
        """Without waiting for its end, which is that of a frame."""
        self.b.n += 1
        os.write(self.b.out, json.dumps({"id": self.b.n, "method": method, "params": params,
                                         "sessionId": self.b.session}).encode() + b"\0")

    def strokes(self, all):
        box = self.b.js("(r => [r.left, r.top, r.width])(pad.getBoundingClientRect())")
        mouse = lambda type, place, **more: self.tell(
            "Input.dispatchMouseEvent", type=type, x=box[0] + place[0] * box[2],
            y=box[1] + place[1] * box[2], button="left", **more)
        for places in all:
            mouse("mousePressed", places[0], clickCount=1)
            for place in places[1:]:
                mouse("mouseMoved", place, buttons=1)
            mouse("mouseReleased", places[-1], clickCount=1)
        for _ in range(PATIENCE):
            if self.b.js("strokes.length + ' ' + pens.size") == f"{len(all)} 0":
                break
            time.sleep(0.01)
        self.settle()

    def touch(self, places):
        for i, place in enumerate(places):
            self.b.ask("Input.dispatchTouchEvent", type="touchMove" if i else "touchStart",
                       touchPoints=[self.at(*place)])
        self.b.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def until(self, code):
        """Whether it comes true, some time."""
        for _ in range(PATIENCE):
            if self.b.js(code):
                return True
            time.sleep(0.02)
        return False

    def choose(self, file, until):
        root = self.b.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.b.ask("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
        self.b.ask("DOM.setFileInputFiles", nodeId=node, files=[os.path.abspath(file)])
        self.until(until)
        self.settle()

    def clear(self):
        self.b.click("#clear")
        self.settle()


def digits(p, found):
    """Pixels of MNIST become strokes as thick as a pixel; a mouse draws them."""
    wrong = []
    p.b.js("$('width').value = 4")
    for label in 0, 2, 4, 6, 8: # and below 7, 1 and 3; each takes half a second
        digit = found[label]
        place = lambda x, y: ((x + .5) / SIDE, (y + .5) / SIDE)
        p.strokes([[place(x0 - .1, y), place(x1 + .1, y)] for x0, x1, y in runs(digit)])
        if p.text("class") != str(label):
            wrong.append(f"{label} is taken for {p.text('class')}")
        p.clear()
    told("digits of MNIST, drawn by mouse, are what they are", "; ".join(wrong)
         if len(wrong) > 1 else "") # an angular copy may be another digit


def answer(p):
    p.b.js("$('width').value = 8")
    p.strokes([SEVEN])
    names = p.b.js("[...document.querySelectorAll('#bars th')].map(e => e.textContent).join('')")
    first = p.b.js("document.querySelector('#bars .first th').textContent")
    told("a bar for each class, that of the answer marked", "" if
         (p.text("class"), first, names) == ("7", "7", "0123456789") else (first, names))
    made = p.b.js("[...document.querySelectorAll('#made figcaption')].map(e => "
                  "e.textContent)")
    told("the image after every stage", "" if made == ["data, 28x28", "deskew, 28x28", "hog, 1152"]
         else str(made))
    inked = p.b.js("[...document.querySelectorAll('figure canvas')].every(c => new Set(c.getContext"
                   "('2d').getImageData(0, 0, c.width, c.height).data).size > 4)")
    told("which is to be seen", "" if inked else "one is blank")
    kin = p.b.js("[...document.querySelectorAll('#kin figure')].map(e => [e.querySelector('b')."
                 "textContent, e.className, e.querySelector('canvas').width, e.textContent])")
    told("the nearest training digits, and which are of another class", "" if len(kin) == 8 and
         sum(k[0] == "7" for k in kin) > 4 and all(k[2] == SIDE and (k[1] == "other") ==
         (k[0] != "7") and re.fullmatch(r"\d \d\.\d+line \d+", k[3]) for k in kin) else kin)
    told("and among how many, and how", "" if "Of 200 that the bundle keeps, by distance in the "
         "1152 values after hog" in p.text("space") else p.text("space"))
    time.sleep(0.5)
    told("a screen reader is told", "" if p.text("live").startswith("7, second choice ")
         else p.text("live"))
    p.b.js("strokes.push({ width: .08, at: [[.3, .5], [.7, .5]] }); changed()")
    p.settle()
    p.b.click("#undo")
    p.settle()
    told("Undo takes the last stroke back", "" if (p.text("class"), p.b.js("strokes.length")) ==
         ("7", 1) else p.b.js("strokes.length"))
    p.b.click("#clear")
    p.settle()
    told("Clear leaves nothing", "" if (p.text("class"), p.b.js("$('made').hidden"),
                                        p.b.js("$('undo').disabled")) == ("?", True, True) else "")
    p.b.js("$('live').textContent = last = ''")


def other_hands(p):
    p.touch([(.5, .15 + .07 * i) for i in range(11)])
    p.settle()
    told("a finger draws a 1", "" if p.text("class") == "1" else p.text("class"))
    p.clear()
    p.b.js("pad.focus(); at = { x: .5, y: .2 }")
    p.b.key(" ", 32)
    for _ in range(22):
        p.b.key("ArrowDown", 40)
    p.b.key(" ", 32)
    p.settle()
    told("the keyboard draws a 1", "" if p.text("class") == "1" else p.text("class"))
    p.b.key("Delete", 46)
    p.settle()
    told("and clears", "" if p.text("class") == "?" else p.text("class"))


def picture(p, digit, page):
    """The digit as a PNG of 28 x 28, which the server takes as it is."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    with open("digit.png", "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" +
                chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(r) for r in digit))) +
                chunk(b"IEND", b""))
    p.choose("digit.png", "$('class').textContent != '?'")
    told("a picture that is opened", "" if p.text("class") == "3" and p.b.js("$('page').hidden")
         else p.text("class"))
    p.choose(page, "!$('page').hidden")
    lines = p.text("lines").split("\n")
    told("a page with many digits is read", "" if len(lines) == 6 and
         lines[0].replace(" ", "").isdigit() else str(lines))
    told("and not taken for one digit, too", "" if p.text("class") ==
         str(len("".join(lines).replace(" ", ""))) and p.b.js("$('made').hidden && $('near').hidden")
         and p.text("bars") == "" else p.text("class"))


def looks(p, what):
    """With an answer on the page."""
    for scheme in "light", "dark":
        for width in 1280, 360, 320:
            p.b.look(width, scheme)
            told(f"{what}, {scheme}, {width} px wide: nothing is wider than the page, sticks out or lies "
                 "over another", p.b.js(browser.WIDER) or p.b.js(browser.STICKS_OUT) or
                 p.b.js(browser.OVERLAP))
        told(f"{what}, {scheme}: text stands out from what is behind it", p.b.js(browser.CONTRAST))
    p.b.look(1280)


def long_name(p):
    """Of a class, on a telephone; p has an answer."""
    p.b.js("for (const e of document.querySelectorAll('#bars th')) "
           "e.textContent = 'a class of a very long name '.repeat(4)")
    p.b.look(320)
    told("a long name of a class leaves room for its bar and score", p.b.js(browser.WIDER) or
         p.b.js(browser.STICKS_OUT) or p.b.js(browser.OVERLAP))
    p.b.look(1280)


def heard(p):
    nodes = [n for n in p.b.ask("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    role = lambda n: n.get("role", {}).get("value")
    name = lambda n: n.get("name", {}).get("value", "")
    roles = [role(n) for n in nodes]
    lacking = [r for r in ("main", "heading", "table", "button", "slider", "status")
               if r not in roles]
    nameless = [role(n) for n in nodes if role(n) in ("image", "button", "slider", "combobox")
                and not name(n)]
    told("a screen reader finds everything, and a name for it", "; ".join(lacking + nameless))


def locked(b, port):
    """A server that asks for a token."""
    p = Page(b, port)
    asked = p.until("!$('ask').hidden")
    b.js(f"$('token').value = {TOKEN!r}; $('ask').requestSubmit()")
    gone = p.until("$('ask').hidden")
    p.strokes([[(.5, .15 + .07 * i) for i in range(11)]])
    told("of a model without training digits the page says how to have some", "" if p.text("space")
         == "This model\u2019s bundle keeps none of them; one of mnistpipe run PIPELINE --keep 2000 "
         "keeps 2000 to show here." and p.text("kin") == "" else p.text("space"))
    told("a token is asked for once", "" if asked and gone and p.text("class") == "1"
         else f"{asked} {gone} {p.text('class')}")


def start(program, bundle, **environment):
    """The server, and its port."""
    server = subprocess.Popen([program, "serve", bundle, "--port", "0"], text=True,
                              stdout=subprocess.PIPE, env={**os.environ, **environment})
    return server, next(int(m[1]) for m in (re.search(r":(\d+)/$", x) for x in server.stdout)
                        if m)


def main():
    chromium, program, bundle, bare, data, page = sys.argv[1:7]
    server, port = start(program, bundle)
    guarded, other = start(program, bare, MNISTPIPE_TOKEN=TOKEN)
    found = read_digits(data)
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            b = Browser(chromium, folder)
            b.look(1280)
            p = Page(b, port)
            digits(p, found)
            answer(p)
            other_hands(p)
            picture(p, found[3], page)
            looks(p, "a page")
            p.clear()
            p.strokes([SEVEN])
            looks(p, "a digit")
            heard(p)
            long_name(p)
            said = [s for s in b.complaints().split("; ")
                    if s and not s.startswith(f"loads http://127.0.0.1:{port}/")
                    and not s.startswith("loads blob:")]
            told("the console has nothing to say, and nothing comes from elsewhere",
                 "; ".join(said))
            locked(b, other)
            b.ask("Browser.close")
            b.process.wait(20)
    finally:
        for s in server, guarded:
            s.terminate()
            s.wait(20)


main()
