#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many digits of a page `mnistpipe read` finds and reads right, beside OpenCV and the same model.

Pages are made of MNIST's digits (handwriting_pages.py): enlarged to 40 .. 200 px, five pens and
three chalks, plain, ruled and squared paper, light that falls off by up to 60 %, noise, JPEG down
to 60, turned by up to 8 degrees, one in five light on dark.  A digit is found if a box has half of
the area of both in common with its own, and right if its class is, too; other boxes are false.
The peers are what one finds in tutorials: Otsu's threshold, or an adaptive one after a look at whether
the page is dark; then contours, each box resized to 28 x 28.

--part train makes them of training digits, by which parameters are chosen; the model has learned
from those, so that only their boxes tell anything.  --save FOLDER keeps pages and boxes.
--ship FOLDER writes the pages of the tutorial instead, of the sample's test digits.
"""
import collections, csv, functools, gzip, json, os, subprocess, sys
sys.dont_write_bytecode = True
import common
import numpy as np

PIPELINE = "pipelines/hog_fourier.txt"
LEAN = 0.6
CAUSES = ("right", "misread", "lost", "joined or cut", "false")


def options(p):
    p.add_argument("--part", choices=("test", "train"), default="test")
    p.add_argument("--strokes", action="store_true",
                   help="digits drawn by strokes (handwriting_strokes.py), not MNIST's")
    p.add_argument("--photo", choices=("usual", "hard"),
                   help="pages lie on a table, across, with a shadow or stripes on them; hard: far "
                        "across, shaken, and things lie beside them")
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--pipeline", default=f"{common.SOURCE}/{PIPELINE}")
    p.add_argument("--bundle", help="a fitted one, in place of the pipeline")
    p.add_argument("--save", metavar="FOLDER")
    p.add_argument("--ship", metavar="FOLDER")


def overlap(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, w) * max(0, h)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def judge(truth, found, count):
    """found: [(box, digit)].  The best box of each digit, one digit a box."""
    used = set()
    for t in truth:
        best = max(((overlap(t["box"], box), i) for i, (box, _) in enumerate(found)
                    if i not in used), default=(0, -1))
        if best[0] >= 0.5:
            used.add(best[1])
            cause = "right" if found[best[1]][1] == t["digit"] else "misread"
        else:
            touched = any(overlap(t["box"], box) > 0.05 for box, _ in found)
            cause = "joined or cut" if touched else "lost"
        count[cause] += 1
        t.setdefault("cause", cause)
    count["false"] += len(found) - len(used)
    count["digits"] += len(truth)


def ours(b, bundle, page):
    out, _ = common.run([b.program, "read", "--quiet", "--json", "--bundle",
                         bundle, page], common.OWN)
    return [((m["left"], m["top"], m["left"] + m["width"], m["top"] + m["height"]), m["digit"])
            for m in json.loads(out)[0]["marks"] if m["kind"] == "digit"]


def otsu(cv2, grey):
    return cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)[1]


def adaptive(cv2, grey):
    """By the mean around, over a fifth of the page, and light strokes where the page is dark."""
    side = min(grey.shape) // 5 | 1
    grey = 255 - grey if np.median(grey) < 110 else grey
    return cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, side,
                                 25)


def theirs(cv2, threshold, b, bundle, page):
    """Contours from the outside, boxes of a fair size, each in a square resized to 28 x 28."""
    grey = cv2.GaussianBlur(cv2.imread(page, cv2.IMREAD_GRAYSCALE), (5, 5), 0)
    ink = threshold(cv2, grey)
    boxes = [cv2.boundingRect(c) for c in cv2.findContours(ink, cv2.RETR_EXTERNAL,
                                                           cv2.CHAIN_APPROX_SIMPLE)[0]]
    boxes = [(x, y, w, h) for x, y, w, h in boxes if h >= 25 and w >= 5]
    if not boxes:
        return []
    rows = []
    for x, y, w, h in boxes:
        pad = int(0.2 * max(w, h))
        side = max(w, h) + 2 * pad
        square = np.zeros((side, side), np.uint8)
        top, left = (side - h) // 2, (side - w) // 2
        square[top:top + h, left:left + w] = ink[y:y + h, x:x + w]
        rows.append(cv2.resize(square, (28, 28), interpolation=cv2.INTER_AREA).reshape(-1))
    np.save(f"{b.folder.name}/rows.npy", np.array(rows).reshape(-1, 28, 28))
    common.run([b.program, "predict", "--quiet", bundle,
                f"{b.folder.name}/rows.npy", "-o", f"{b.folder.name}/out.csv"], common.OWN)
    with open(f"{b.folder.name}/out.csv") as f:
        digits = [int(row["predicted"]) for row in csv.DictReader(f)]
    return [((x, y, x + w, y + h), d) for (x, y, w, h), d in zip(boxes, digits)]


def make_pages(b, cv2, pages, folder):
    """Until they have the digits asked for."""
    part = {"test": "t10k", "train": "train"}[b.part]
    found = lambda kind: next(os.path.join(b.data, n) for n in sorted(os.listdir(b.data))
                              if n.startswith(f"{part}-{kind}"))
    if b.strokes:
        import handwriting_strokes
        images = handwriting_strokes.Digits(b.seed, 100000)
        labels = images.labels
    else:
        images, labels = pages.idx(found("images-idx3")), pages.idx(found("labels-idx1"))
    rng = np.random.default_rng(b.seed)
    order = iter(rng.permutation(len(labels)))
    made, digits = [], 0
    while digits < b.rows:
        page, truth, wish = pages.make(rng, images, labels, order,
                                        {"photo": b.photo} if b.photo else None)
        path = f"{folder}/page_{len(made):03}.jpg"
        cv2.imwrite(path, page[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, wish["quality"]])
        with open(path[:-3] + "json", "w") as f:
            json.dump({"wish": wish, "digits": truth}, f)
        made.append((path, truth, wish))
        digits += len(truth)
    return made


def ship(b, cv2, pages):
    """Two small pages of one hand, which leans to the left, of digits that no training row of the
    sample is."""
    with gzip.open(f"{common.SOURCE}/data/test.csv.gz", "rt") as f:
        rows = np.array([[int(v) for v in row] for row in list(csv.reader(f))[1:]])
    images, labels = rows[:, 1:].astype(np.uint8).reshape(-1, 28, 28), rows[:, 0]
    images = np.array([pages.lean(x, LEAN) for x in images])
    rng = np.random.default_rng(b.seed)
    order = iter(rng.permutation(len(images)))
    for name, paper, angle in ("hand.jpg", "ruled", 2.5), ("hand_next.jpg", "ruled", -3):
        wish = {"size": 40, "paper": paper, "dark": False, "pen": "blue", "ground": "white",
                "rule": "grey", "angle": angle, "light": 0.45, "noise": 1.5, "quality": 70,
                "texture": 1.0, "lines": 6, "across": 18, "gap": (0.2, 0.5)}
        page, truth, _ = pages.make(rng, images, labels, order, wish)
        cv2.imwrite(f"{b.ship}/{name}", page[..., ::-1],
                    [cv2.IMWRITE_JPEG_QUALITY, wish["quality"]])
        lines = collections.defaultdict(str)
        for t in truth:
            lines[t["line"]] += str(t["digit"])
        print(name, *lines.values(), sep="\n")


def fit(b):
    b.program = common.program("mnistpipe")
    if b.bundle:
        return os.path.abspath(b.bundle)
    files = {}
    for n in sorted(os.listdir(b.data)):
        files.setdefault(n.split("-idx")[0], os.path.join(b.data, n))
    common.run([b.program, "run", "--quiet", b.pipeline, "--train",
                files["train-images"], "--test", files["t10k-images"], "-o",
                f"{b.folder.name}/fit"], common.OWN)
    return f"{b.folder.name}/fit/bundle.mnp"


def tell_causes(b, name, made, find):
    """By what a page was like: what part of its digits is right."""
    groups = collections.defaultdict(lambda: [0, 0])
    for path, truth, wish in made:
        own, digits = collections.Counter(), [dict(t) for t in truth]
        judge(digits, find(path), own)
        bins = {"paper": wish["paper"], "strokes": "light" if wish["dark"] else "dark",
                "pen": wish["pen"], "size": f"{int(wish['size'] // 40 * 40)}+ px",
                "falling light": f"{int(wish['light'] * 5) * 20}+ %",
                "turned": f"{int(abs(wish['angle']) // 4 * 4)}+ degrees",
                "noise": f"{int(wish['noise'] // 5 * 5)}+"}
        if "photo" in wish:
            bins.update({"table": wish["table"], "shadow": "yes" if wish["shadow"] else "no",
                         "stripes": "yes" if wish["stripes"] else "no",
                         "table seen": "yes" if wish["margin"] > 0.02 else "hardly"})
        for t in digits:
            if t["form"]:
                key = f"{t['digit']}", t["form"]
                groups[key][0] += t["cause"] == "right"
                groups[key][1] += 1
        for k, v in bins.items():
            groups[k, v][0] += own["right"]
            groups[k, v][1] += own["digits"]
    b.note(f"{name}, % right by what pages are like: " + "; ".join(
        f"{k} {v} {100 * r / n:.1f} of {n}" for (k, v), (r, n) in sorted(groups.items())))


def tell_fonts(b, bundle):
    """Thirty digits of each upright or slanted text font that is installed, 72 px high."""
    from PIL import Image, ImageDraw, ImageFont
    listed = subprocess.run(["fc-list", ":lang=en:outline=true", "file"], capture_output=True,
                            text=True).stdout
    right = n = fonts = 0
    for path in sorted({line.split(":")[0].strip() for line in listed.splitlines()}):
        font = ImageFont.truetype(path, 72)
        page = Image.new("L", (1100, 420), 245)
        pen = ImageDraw.Draw(page)
        lines = ["0123456789", "9876543210", "3141592658"]
        for i, line in enumerate(lines):
            for k, digit in enumerate(line):
                pen.text((50 + 100 * k, 40 + 120 * i), digit, fill=30, font=font)
        page.save(f"{b.folder.name}/font.png")
        found = ours(b, bundle, f"{b.folder.name}/font.png")
        hits = sum(0 <= (y0 - 20) // 120 < 3 and 0 <= ((x0 + x1) // 2 - 50) // 100 < 10 and
                   str(d) == lines[(y0 - 20) // 120][((x0 + x1) // 2 - 50) // 100]
                   for (x0, y0, x1, y1), d in found)
        fonts, n, right = fonts + 1, n + 30, right + hits
    if n > 0:
        b.note(f"Printed digits, which the model has not learned: {100 * right / n:.1f} % of {n} in "
               f"{fonts} fonts")


def main():
    b = common.Bench(__doc__, rows=2500, quick=200, runs=1, options=options)
    cv2 = b.module("cv2", "python3-opencv")
    if cv2 is None:
        sys.exit("pages are made with OpenCV: apt-get install python3-opencv")
    import handwriting_pages as pages
    if b.ship:
        return ship(b, cv2, pages)
    folder = b.save or b.folder.name
    os.makedirs(folder, exist_ok=True)
    made, bundle = make_pages(b, cv2, pages, folder), fit(b)
    finders = {"mnistpipe": lambda page: ours(b, bundle, page),
               f"OpenCV {cv2.__version__}, Otsu":
                   lambda page: theirs(cv2, otsu, b, bundle, page),
               f"OpenCV {cv2.__version__}, adaptive":
                   lambda page: theirs(cv2, adaptive, b, bundle, page)}

    finders = {name: functools.cache(find) for name, find in finders.items()}

    def side(find):
        count = collections.Counter({k: 0 for k in CAUSES})
        for path, truth, _ in made:
            judge([dict(t) for t in truth], find(path), count)
        return {"right": 100 * count["right"] / count["digits"],
                **{k: count[k] for k in CAUSES[1:]}, "digits": count["digits"]}

    b.runs = 1
    found = {name: [side(find)] for name, find in finders.items()}
    b.add(f"{b.part} digits on {len(made)} pages", found,
          common.Case("right", "%", "found and read right", more=True, limit=("all", 100)))
    for name, find in finders.items():
        tell_causes(b, name, made, find)
    if b.module("PIL", "python3-pil"):
        tell_fonts(b, bundle)
    b.end()


main()
