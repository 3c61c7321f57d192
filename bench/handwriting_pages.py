# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of handwritten digits, of which the truth is known: digits of MNIST, enlarged, on paper.

make(rng, images, labels, wish) gives a page as an array of bytes, and its digits in reading order as
dicts of digit, box and line.  All that is drawn is drawn from rng; `wish` names what is given.
"""
import gzip
import cv2
import numpy as np

PENS = {"black": (25, 25, 30), "blue": (35, 55, 150), "red": (190, 35, 40),
        "green": (25, 110, 60), "pencil": (85, 85, 90)}
PAPERS = {"white": (246, 246, 244), "cream": (238, 228, 205), "grey": (205, 205, 203)}
RULES = {"blue": (150, 180, 220), "grey": (165, 165, 165), "red": (225, 150, 150),
         "dark": (110, 110, 120)}
CHALKS = {"white": (240, 240, 235), "yellow": (235, 220, 130), "pink": (240, 170, 180)}
TABLES = {"wood": (120, 85, 55), "pale wood": (190, 160, 120), "black": (40, 38, 38),
          "grey": (130, 130, 128), "white": (225, 225, 225)}
BOARDS = {"black": (30, 30, 32), "green": (35, 70, 55), "blue": (30, 40, 80)}


def idx(path):
    data = gzip.open(path).read() if str(path).endswith(".gz") else open(path, "rb").read()
    n = int.from_bytes(data[4:8], "big")
    body = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    return body.reshape(n, 28, 28) if data[3] == 3 else body


def enlarge(image, size):
    """The digit's ink, 0..1, with smooth edges, its longer side about `size` px."""
    f = size / 20
    big = cv2.resize(image.astype(np.float32) / 255, None, fx=f, fy=f, interpolation=cv2.INTER_CUBIC)
    big = cv2.GaussianBlur(big, (0, 0), 0.28 * f)
    ink = 1 / (1 + np.exp(-(big - 0.33) * 14 * max(1, f / 5)))
    ink[ink < 0.02] = 0
    ys, xs = np.nonzero(ink > 0.5)
    if len(ys) == 0:
        return None
    return ink[ys.min():ys.max() + 1, xs.min():xs.max() + 1]


def lean(image, by):
    """Leaning to the left by so many px for each px up, as some hands do."""
    m = np.array([[1, by, -by * 13.5], [0, 1, 0]], np.float32)
    return cv2.warpAffine(image, m, (28, 28), flags=cv2.INTER_LINEAR)


def texture(rng, h, w, strength):
    """Paper is uneven on a small scale and on a larger one."""
    out = np.zeros((h, w), np.float32)
    for step in (2, 7, 40):
        small = rng.standard_normal((h // step + 2, w // step + 2)).astype(np.float32)
        out += cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC)
    return out * strength / 1.7


def rules(rng, h, w, kind, pitch):
    """How much of each pixel is a printed line."""
    out = np.zeros((h, w), np.float32)
    thick = max(1, int(round(rng.uniform(0.015, 0.035) * pitch)))
    if kind in ("ruled", "squared"):
        for y in range(int(pitch * 0.6), h, int(pitch)):
            out[y:y + thick] = 1
    if kind == "squared":
        for x in range(int(pitch * 0.3), w, int(pitch)):
            out[:, x:x + thick] = 1
    if kind == "ruled" and rng.random() < 0.5:
        x = int(w * 0.06)
        out[:, x:x + thick] = 1
    return out


def place(rng, images, labels, h, w, size, pitch, ruled, gap, order):
    """Ink of all digits, and where they are."""
    ink, truth = np.zeros((h, w), np.float32), []
    margin = int(0.1 * w)
    y, line = pitch * 0.6 + (pitch if ruled else 0), 0
    while y + 0.3 * pitch < h:
        x = margin + rng.uniform(0, size)
        while True:
            k = next(order)
            high, form = size * rng.uniform(0.85, 1.15), ""
            if hasattr(images, "ink"):
                digit, form = images.ink(k, high)
            else:
                digit = enlarge(images[k], high)
            if digit is None:
                continue
            dh, dw = digit.shape
            top = int(y - 0.06 * size - dh + rng.uniform(-0.08, 0.05) * size)
            if x + dw > w - margin or top < 4 or top + dh + 4 > h:
                break
            left = int(x)
            region = ink[top:top + dh, left:left + dw]
            np.maximum(region, digit, out=region)
            truth.append({"digit": int(labels[k]), "line": line,
                          "box": [left, top, left + dw, top + dh], "row": int(k), "form": form})
            x += dw + (rng.uniform(*gap) * size if rng.random() > 0.12 else rng.uniform(0.8, 1.6) * size)
        line += 1
        y += pitch
    return ink, truth


def turn(page, truth, angle, fill, digits):
    """All turned about the middle; boxes are those of the turned ink, one digit after another."""
    h, w = page.shape[:2]
    m = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1)
    a = np.deg2rad(abs(angle))
    nw, nh = int(w * np.cos(a) + h * np.sin(a)), int(h * np.cos(a) + w * np.sin(a))
    m[0, 2] += (nw - w) / 2
    m[1, 2] += (nh - h) / 2
    out = cv2.warpAffine(page, m, (nw, nh), flags=cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_REPLICATE, borderValue=fill)
    for t in truth:
        x0, y0, x1, y1 = t["box"]
        ys, xs = np.nonzero(digits[y0:y1, x0:x1] > 0.5)
        p = m[:, :2] @ np.stack([xs + x0, ys + y0]) + m[:, 2:]
        t["box"] = [int(p[0].min()), int(p[1].min()), int(p[0].max()) + 1, int(p[1].max()) + 1]
    return out, truth


def photograph(rng, page, truth, size, wish):
    """The page on a table, by a phone that is not held straight, with what lies in the light."""
    h, w = page.shape[:2]
    draw = lambda name, f: wish.setdefault(name, f())
    table, hard = draw("table", lambda: str(rng.choice(list(TABLES)))), wish["photo"] == "hard"
    margin = draw("margin", lambda: float(rng.uniform(0, 0.3 if hard else 0.15)))
    tilt = 0.16 if hard else 0.06
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    m = margin * max(h, w)
    moved = corners + m + rng.uniform(0, tilt, (4, 2)).astype(np.float32) * \
        np.array([[w, h], [-w, h], [-w, -h], [w, -h]], np.float32)
    by = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    size_out = (int(w + 2 * m), int(h + 2 * m))
    mask = cv2.warpPerspective(np.ones((h, w), np.float32), by, size_out)[..., None]
    seen = cv2.warpPerspective(page.astype(np.float32), by, size_out, borderMode=cv2.BORDER_REPLICATE)
    under = np.array(TABLES[table], np.float32) * np.ones_like(seen)
    grain = cv2.resize(rng.standard_normal((size_out[1] // 3 + 1, 8)).astype(np.float32), size_out)
    under = under * (1 + (0.25 if hard else 0.06) * grain[..., None])
    if hard:
        clutter(rng, under, size)
    fall = cv2.GaussianBlur(mask, (0, 0), 0.15 * size)[..., None]  # the paper's own shadow
    page = seen * mask + under * (1 - 0.4 * fall) * (1 - mask)
    for t in truth:
        x0, y0, x1, y1 = t["box"]
        p = cv2.perspectiveTransform(np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]],
                                              np.float32), by)[0]
        t["box"] = [int(p[:, 0].min()), int(p[:, 1].min()), int(np.ceil(p[:, 0].max())),
                    int(np.ceil(p[:, 1].max()))]
    page = stripes(rng, hand_shadow(rng, page, wish, 0.7 if hard else 0.5), wish)
    if not hard:
        return page
    n, a = max(1, int(size * draw("shake", lambda: float(rng.uniform(0, 0.12))))), rng.uniform(0, np.pi)
    moved = np.zeros((2 * n + 1, 2 * n + 1), np.float32)  # while the shutter was open
    cv2.line(moved, (int(n - n * np.cos(a) / 2), int(n - n * np.sin(a) / 2)),
             (int(n + n * np.cos(a) / 2), int(n + n * np.sin(a) / 2)), 1, 1)
    return cv2.filter2D(page, -1, moved / moved.sum())


def clutter(rng, under, size):
    """What lies on tables: a pencil, a ruler's marks, cables, a tiled pattern."""
    h, w = under.shape[:2]
    colour = lambda: tuple(float(v) for v in rng.uniform(20, 235, 3))
    for _ in range(6):
        a, b = [(int(rng.uniform(0, w)), int(rng.uniform(0, h))) for _ in range(2)]
        cv2.line(under, a, b, colour(), max(1, int(size * rng.uniform(0.05, 0.3))), cv2.LINE_AA)
    for _ in range(25):
        at = (int(rng.uniform(0, w)), int(rng.uniform(0, h)))
        cv2.ellipse(under, at, (int(size * rng.uniform(0.1, 0.6)), int(size * rng.uniform(0.1, 0.6))),
                    rng.uniform(0, 180), 0, rng.uniform(180, 360), colour(),
                    max(1, int(size * rng.uniform(0.05, 0.15))), cv2.LINE_AA)


def hand_shadow(rng, page, wish, most):
    """Of the hand and the phone: from one edge into the page, with a soft end."""
    dark = wish.setdefault("shadow", float(rng.choice([0, rng.uniform(0.15, most)])))
    h, w = page.shape[:2]
    side, at = rng.integers(4), rng.uniform(0.2, 0.8)
    middle = np.array([(at * w, h), (0, at * h), (at * w, 0), (w, at * h)][side])
    reach = np.array([[0.5, 0.6], [0.75, 0.35], [0.5, 0.6], [0.75, 0.35]][side]) * (w, h)
    a = np.linspace(0, 2 * np.pi, 40)
    r = 1 + 0.12 * np.sin(3 * a + rng.uniform(0, 6)) + 0.08 * np.sin(7 * a + rng.uniform(0, 6))
    blob = middle + reach * 0.8 * np.stack([np.cos(a) * r, np.sin(a) * r], 1)
    mask = np.zeros((h, w), np.float32)
    cv2.fillPoly(mask, [blob.astype(np.int32)], 1)
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.005, 0.04) * w)
    return page * (1 - dark * mask)[..., None]


def stripes(rng, page, wish):
    """Moire, as a sensor's grid makes it of a finer one, or a lamp's flicker."""
    strength = wish.setdefault("stripes", float(rng.choice([0, rng.uniform(1, 5)])))
    h, w = page.shape[:2]
    t, period = rng.uniform(0, np.pi), rng.uniform(5, 30)
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    bend = 0.15 * period * np.sin(xx / 40) + 0.15 * period * np.sin(yy / 53)
    wave = np.sin(2 * np.pi * (xx * np.cos(t) + yy * np.sin(t) + bend) / period)
    return page + (strength * wave)[..., None]


def make(rng, images, labels, order, wish=None):
    wish = dict(wish or {})
    if hasattr(images, "begin"):
        images.begin(rng)
    draw = lambda name, f: wish.setdefault(name, f())
    size = draw("size", lambda: float(np.exp(rng.uniform(np.log(40), np.log(200)))))
    paper = draw("paper", lambda: str(rng.choice(["plain", "ruled", "squared"])))
    dark = draw("dark", lambda: bool(rng.random() < 0.2))
    pens, grounds = (CHALKS, BOARDS) if dark else (PENS, PAPERS)
    pen = draw("pen", lambda: str(rng.choice(list(pens))))
    ground = draw("ground", lambda: str(rng.choice(list(grounds))))
    rule = draw("rule", lambda: str(rng.choice(list(RULES))))
    angle = draw("angle", lambda: float(rng.uniform(-8, 8)))
    light = draw("light", lambda: float(rng.uniform(0, 0.6)))
    noise = draw("noise", lambda: float(rng.uniform(0, 10)))
    quality = draw("quality", lambda: int(rng.integers(60, 96)))
    rough = draw("texture", lambda: float(rng.uniform(0, 5)))
    gap = draw("gap", lambda: (0.15, 0.5))
    pitch = 1.7 * size if paper != "squared" else 1.7 * size / 2
    lines, across = draw("lines", lambda: 5), draw("across", lambda: 12)
    h, w = int((lines + 1.2) * 1.7 * size), int(across * size * 1.1)
    ink, truth = place(rng, images, labels, h, w, size, 1.7 * size, paper == "ruled", gap, order)
    if rng.random() < 0.3:   # the pen's pressure
        ink *= 1 - 0.25 * np.clip(texture(rng, h, w, 0.5), 0, 1)
    a = rules(rng, h, w, paper, pitch)[..., None]
    base = np.array(grounds[ground], np.float32) + texture(rng, h, w, rough)[..., None]
    line = np.array(RULES[rule], np.float32) if not dark else base * 0.5 + 70
    page = base * (1 - a) + line * a
    page = page * (1 - ink[..., None]) + np.array(pens[pen], np.float32) * ink[..., None]
    page, truth = turn(page, truth, angle, tuple(float(v) for v in grounds[ground]), ink)
    if "photo" in wish:
        page = photograph(rng, page, truth, size, wish)
    h, w = page.shape[:2]
    t = rng.uniform(0, 2 * np.pi)
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    along = (xx / w - 0.5) * np.cos(t) + (yy / h - 0.5) * np.sin(t)
    along = (along - along.min()) / (along.max() - along.min())
    page = page * (1 - light * along)[..., None]
    if rng.random() < 0.5:   # out of focus
        page = cv2.GaussianBlur(page, (0, 0), 0.012 * size)
    page = page + rng.standard_normal((h, w, 1)).astype(np.float32) * noise
    return np.clip(page, 0, 255).astype(np.uint8), truth, wish
