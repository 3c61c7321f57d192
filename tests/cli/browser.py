# SPDX-License-Identifier: GPL-3.0-or-later
"""browser.py CHROMIUM PAGE... - opens pages in a browser and uses them as people do.

Speaks Chromium's DevTools protocol through two pipes.  Prints "ok" or "not ok", a tab, what was
tried, a tab, what went wrong."""
import json
import os
import subprocess
import sys
import tempfile
import time

# Text and what is behind it, blended; WCAG 2.1 asks 4.5 : 1.
CONTRAST = """(() => {
  const parse = s => (s.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number)
  const over = (a, b) => { const o = a.length > 3 ? a[3] : 1
    return [0, 1, 2].map(i => a[i] * o + b[i] * (1 - o)) }
  const behind = e => { const own = parse(getComputedStyle(e).backgroundColor)
    return own.length > 3 && own[3] < 1 && e.parentElement ? over(own, behind(e.parentElement))
      : own }
  const light = c => { const l = c.slice(0, 3).map(v => (v /= 255) <= .04045 ? v / 12.92 :
    Math.pow((v + .055) / 1.055, 2.4)); return .2126 * l[0] + .7152 * l[1] + .0722 * l[2] }
  const bad = []
  for (const e of document.body.querySelectorAll('*')) {
    if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) ||
        !e.getClientRects().length)
      continue
    const style = getComputedStyle(e), svg = e instanceof SVGElement
    const back = behind(svg ? e.closest('svg').parentElement : e)
    const a = light(over(parse(svg ? style.fill : style.color), back)), b = light(back)
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05)
    if (ratio < 4.5) bad.push(e.tagName + ' "' + e.textContent.trim().slice(0, 30) + '" ' +
      ratio.toFixed(2))
  }
  return bad.slice(0, 5).join('; ') })()"""
# Letters that a plot's edge cuts off.
CLIPPED = """[...document.querySelectorAll('svg text')].filter(t => {
  const a = t.getBoundingClientRect(), b = t.closest('svg').getBoundingClientRect()
  return a.width > 0 && (a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 ||
    a.bottom > b.bottom + 1) }).map(t => t.textContent).slice(0, 5).join('; ')"""
WIDER = """document.documentElement.scrollWidth > document.documentElement.clientWidth ?
  document.documentElement.scrollWidth + ' px in ' + document.documentElement.clientWidth : ''"""
# What sticks out of the box that it lies in, unless a box around it scrolls; boxes that scroll
# without a keyboard's reach.
STICKS_OUT = """(() => { const bad = []
  const scrolls = e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
  for (const e of document.body.querySelectorAll('*')) {
    if (e.closest('svg') && e.tagName != 'svg' || e.closest('.skip') || !e.offsetParent &&
        e.tagName != 'svg' || !e.getClientRects().length) continue
    let box = e.parentElement
    while (getComputedStyle(box).display.startsWith('inline') && box.parentElement)
      box = box.parentElement
    let around = box
    while (around && !scrolls(around)) around = around.parentElement
    const a = e.getBoundingClientRect(), b = box.getBoundingClientRect()
    const from = b.left + box.clientLeft, to = from + (box.clientWidth || b.width)
    if (around ? around.tabIndex < 0 && around.scrollWidth > around.clientWidth
        : a.right > to + 1.5 || a.left < from - 1.5 && getComputedStyle(e).position == 'static')
      bad.push(e.tagName + '.' + e.className + ' "' + e.textContent.trim().slice(0, 20) + '" ' +
        Math.round(a.left) + '..' + Math.round(a.right) + ' in ' + Math.round(b.left) + '..' +
        Math.round(b.right))
  }
  return bad.slice(0, 4).join('; ') })()"""
# Pieces of text, pictures and plots that lie over one another, as far as boxes that scroll
# show them; what sticks to a side while its table scrolls lies over others on purpose.
OVERLAP = """(() => { const all = [], bad = []
  const shown = (e, r) => { let l = r.left, t = r.top, w = r.right, b = r.bottom
    for (let p = e; p && p != document.body; p = p.parentElement)
      if (getComputedStyle(p).overflowX != 'visible') { const q = p.getBoundingClientRect()
        l = Math.max(l, q.left); w = Math.min(w, q.right)
        t = Math.max(t, q.top); b = Math.min(b, q.bottom) }
    return [l, t, w, b] }
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT |
    NodeFilter.SHOW_ELEMENT)
  for (let n; n = walk.nextNode();) {
    const text = n.nodeType == 3, e = text ? n.parentElement : n
    if (text ? !n.data.trim() || ['TITLE', 'DESC', 'title', 'desc'].includes(e.tagName)
        : !['IMG', 'svg'].includes(n.tagName)) continue
    if (e.closest('.skip') || e.closest('details:not([open]) > :not(summary)')) continue
    const range = document.createRange(); range.selectNode(n)
    const sticky = e.closest('th') && getComputedStyle(e.closest('th')).position == 'sticky'
    for (const r of text ? range.getClientRects() : [e.getBoundingClientRect()]) {
      const q = shown(e, r)
      if (q[2] - q[0] > 1 && q[3] - q[1] > 1)
        all.push({ n, e, q, sticky, name: text ? n.data.trim().slice(0, 20) : n.tagName })
    }
  }
  all.sort((a, b) => a.q[1] - b.q[1])
  for (let i = 0; i < all.length; i++)
    for (let j = i + 1; j < all.length && all[j].q[1] < all[i].q[3] - 3; j++) {
      const a = all[i], b = all[j]
      if (a.q[2] - 2 <= b.q[0] || b.q[2] - 2 <= a.q[0] || a.n == b.n || a.n.contains(b.n) ||
          b.n.contains(a.n) || a.sticky || b.sticky) continue
      if (Math.min(a.q[3], b.q[3]) - Math.max(a.q[1], b.q[1]) > 4)
        bad.push('"' + a.name + '" and "' + b.name + '"')
    }
  return bad.slice(0, 5).join('; ') })()"""
# Tables of at most as many columns as a screen has room for that scroll all the same.
SCROLLS = """[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1
  && e.querySelector('tr').children.length <= 24).map(e => e.getAttribute('aria-label') + ': ' +
  e.scrollWidth + ' px in ' + e.clientWidth).slice(0, 3).join('; ')"""
# Tables that one has to scroll the page for, and those whose lines are higher than three of text.
HIGH = """[...document.querySelectorAll('.scroll')].filter(e => e.offsetHeight > innerHeight ||
  [...e.querySelectorAll('tbody tr')].some(r => r.offsetHeight > 80)).map(e =>
  e.getAttribute('aria-label') + ': ' + e.offsetHeight + ' px').slice(0, 3).join('; ')"""
# The first table with more to the right than is seen, moved into view: a strip at its end.
STRIP = """(e => { if (!e) return null
  e.scrollIntoView({ block: 'end' }); e.scrollLeft = 0
  const r = e.getBoundingClientRect()
  return [r.right - 8 + scrollX, r.bottom - 5 + scrollY] })(
  [...document.querySelectorAll('.scroll')].find(e => e.offsetParent && e.scrollWidth > e.clientWidth + 40))"""
SCROLLED = """[...document.querySelectorAll('.scroll')].find(e => e.offsetParent &&
  e.scrollWidth > e.clientWidth + 40).scrollLeft = 1e6"""
PAPER = 718 # px between the margins of A4
CENTRE = """(() => { const e = document.querySelectorAll(%r)[%d]
  e.scrollIntoView({ block: 'center' }); const r = e.getClientRects()[0]
  return [r.left + Math.min(r.width, 30) / 2, r.top + r.height / 2] })()"""


class Browser:
    def __init__(self, program, folder):
        ours_in, theirs_out = os.pipe()
        theirs_in, self.out = os.pipe()
        self.stream = os.fdopen(ours_in, "rb")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--no-first-run", "--disable-background-networking", "--hide-scrollbars",
                   "--user-data-dir=" + folder, "--remote-debugging-pipe", "about:blank"]
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "-", program] + options,
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.n = 0
        self.session = None
        self.events = []
        self.rest = b""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target,
                                flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network", "Accessibility":
            self.ask(domain + ".enable")

    def read(self):
        while b"\0" not in self.rest:
            more = os.read(self.stream.fileno(), 1 << 16)
            if not more:
                raise RuntimeError("the browser ended")
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def ask(self, method, **params):
        self.n += 1
        message = {"id": self.n, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.n:
                if "error" in answer:
                    raise RuntimeError(method + ": " + answer["error"]["message"])
                return answer["result"]
            self.events.append(answer)

    def js(self, code):
        answer = self.ask("Runtime.evaluate", expression=code, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"])[:300])
        return answer["result"].get("value")

    def click(self, selector, i=0):
        x, y = self.js(CENTRE % (selector, i))
        for kind in "mouseMoved", "mousePressed", "mouseReleased":
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, clickCount=1,
                     button="none" if kind == "mouseMoved" else "left")

    def key(self, key, code, text=""):
        for kind in "keyDown", "keyUp":
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text,
                     windowsVirtualKeyCode=code)

    def look(self, width, scheme="light", media=""):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=800,
                 deviceScaleFactor=1, mobile=width < 500)
        self.ask("Emulation.setEmulatedMedia", media=media,
                 features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path):
        self.events = []
        self.ask("Page.navigate", url="file://" + os.path.abspath(path))
        for _ in range(200):
            if self.js("document.readyState") == "complete":
                return
            time.sleep(0.05)
        raise RuntimeError("the page does not finish loading")

    def complaints(self):
        """What the console, the log or the network had to say since the page was opened."""
        said = []
        for e in self.events:
            if e.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown",
                               "Log.entryAdded", "Network.loadingFailed"):
                said.append(json.dumps(e["params"])[:300])
            if e.get("method") == "Network.requestWillBeSent":
                url = e["params"]["request"]["url"]
                if not url.startswith(("file:", "data:")):
                    said.append("loads " + url[:100])
        return "; ".join(said)


def told(what, wrong=""):
    print("not ok" if wrong else "ok", what, str(wrong).replace("\n", " ")[:500], sep="\t", flush=True)


def looks(b):
    for scheme in "light", "dark":
        for width in 1280, 360, 320:
            b.look(width, scheme)
            told(f"{scheme}, {width} px wide: nothing is wider than the page, or cut off",
                 b.js(WIDER) or b.js(CLIPPED))
            if scheme == "light":
                told(f"{width} px wide: nothing sticks out of its box or lies over another",
                     b.js(STICKS_OUT) or b.js(OVERLAP))
            told(f"{scheme}, {width} px wide: no table is higher than the screen, nor a line of it "
                 "than three of text", b.js(HIGH))
        told(f"{scheme}: text stands out from what is behind it", b.js(CONTRAST))
    dark = b.js("getComputedStyle(document.body).backgroundColor")
    b.look(1280)
    told("on a screen no table but of very many columns has to be scrolled", b.js(SCROLLS))
    told("dark is dark", "" if dark != b.js("getComputedStyle(document.body).backgroundColor")
         else "the same colour")
    lost = b.js("[...document.images].filter(i => !i.complete || !i.naturalWidth).length")
    told("every picture is there", f"{lost} are not" if lost else "")


def strip(b, at):
    return b.ask("Page.captureScreenshot", captureBeyondViewport=True, clip={
        "x": at[0], "y": at[1], "width": 8, "height": 3, "scale": 1})["data"]


def hint(b):
    """A table that is too wide says so where it is cut off, and no longer at its end."""
    b.look(360)
    at = b.js(STRIP)
    if at:
        before = strip(b, at)
        b.js(SCROLLED)
        told("where a table is cut off by a narrow screen, a shade says that there is more",
             "" if strip(b, at) != before else "its side looks the same when all is seen")
    b.look(1280)


def clicks(b):
    wrong = []
    for i in range(b.js("document.querySelectorAll('nav a').length")):
        b.click("nav a", i)
        want = b.js(f"document.querySelectorAll('nav a')[{i}].getAttribute('href')")
        top = b.js(f"document.querySelector({want!r}).getBoundingClientRect().top")
        if b.js("location.hash") != want or not -1 <= top < 800:
            wrong.append(f"{want}: {b.js('location.hash')}, {top}")
    told("a click on each link of the list leads to its section", "; ".join(wrong))
    wrong = []
    for i in range(b.js("document.querySelectorAll('summary').length")):
        b.click("summary", i)
        shown = b.js(f"(d => d.open && d.offsetHeight > d.firstElementChild.offsetHeight)"
                     f"(document.querySelectorAll('details')[{i}])")
        if not shown:
            wrong.append(b.js(f"document.querySelectorAll('summary')[{i}].textContent"))
    told("a click unfolds what is folded", "; ".join(wrong))
    b.look(320)
    told("unfolded, 320 px are still enough", b.js(WIDER) or b.js(CONTRAST))
    b.look(1280)


def keys(b, path):
    b.open(path)
    wanted = b.js("[...document.querySelectorAll('a, summary, [tabindex], input:checked')].filter("
                  "e => e.getClientRects().length &&"
                  " !e.closest('details:not([open]) > :not(summary)')).length")
    seen, ringed = [], True
    for _ in range(wanted):
        b.key("Tab", 9)
        seen.append(b.js("(e => { window.all = window.all || []; if (!all.includes(e)) all.push(e);"
                         " return e.tagName })(document.activeElement)"))
        ringed = ringed and b.js("getComputedStyle(document.activeElement).outlineStyle") != "none"
    told("the Tab key reaches every link, fold and box that scrolls", "" if
         b.js("all.length") == wanted and "BODY" not in seen else
         f"{b.js('all.length')} of {wanted}")
    told("what has the focus is seen to have it", "" if ringed else "no outline")
    b.js("document.querySelector('.skip').focus()")
    b.key("Enter", 13, "\r")
    told("Enter on the first link skips to the content",
         "" if b.js("location.hash") == "#main" else b.js("location.hash"))
    if b.js("document.querySelectorAll('summary').length"):
        b.js("document.querySelector('summary').focus()")
        b.key("Enter", 13, "\r")
        told("Enter unfolds", "" if b.js("document.querySelector('details').open") else "no")


def orders(b):
    """A click on the button of an order shows its table alone."""
    wrong = []
    for i in range(b.js("document.querySelectorAll('.order > label').length")):
        b.click(".order > label", i)
        label = b.js(f"document.querySelectorAll('.order > label')[{i}].textContent")
        shown = b.js("[...document.querySelectorAll('.order > .scroll')].filter(e =>"
                     " e.offsetHeight).map(e => e.getAttribute('aria-label')).join('; ')")
        if shown != "All stages, " + label:
            wrong.append(f"{label}: {shown}")
    told("a click on an order shows its table alone", "; ".join(wrong))


def heard(b):
    nodes = [n for n in b.ask("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    role = lambda n: n.get("role", {}).get("value")
    name = lambda n: n.get("name", {}).get("value", "")
    roles = [role(n) for n in nodes]
    lacking = [r for r in ("banner", "navigation", "main", "heading", "table") if r not in roles]
    told("a screen reader finds its landmarks", "; ".join(lacking))
    nameless = [role(n) for n in nodes
                if role(n) in ("image", "img", "link", "region", "navigation") and not name(n)]
    told("and a name for every picture, link and region", "; ".join(nameless))


def printed(b):
    b.look(PAPER, "light", "print")
    told("on paper there is no list of links, and nothing is cut off",
         b.js("document.querySelector('nav').offsetHeight ? 'a list' : ''") or b.js(CLIPPED))
    told("on paper nothing is wider than the sheet, or sticks out of its box",
         b.js(WIDER) or b.js(STICKS_OUT))
    told("on paper nothing lies over another", b.js(OVERLAP))
    b.look(1280)
    pdf = b.ask("Page.printToPDF")["data"]
    told("it prints", "" if pdf.startswith("JVBERi0") else "no PDF")


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        b = Browser(sys.argv[1], folder)
        for path in sys.argv[2:]:
            b.open(path)
            told("opens: " + os.path.basename(os.path.dirname(os.path.abspath(path))))
            looks(b)
            hint(b)
            clicks(b)
            orders(b)
            heard(b)
            printed(b)
            said = b.complaints()
            keys(b, path)
            told("the console has nothing to say", said or b.complaints())
        b.ask("Browser.close")
        b.process.wait(20)


if __name__ == "__main__":
    main()
