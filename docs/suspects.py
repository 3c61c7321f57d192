#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""suspects.py PAGE.html OUT.svg - the most suspect labels of a page that `mnistpipe inspect
-o PAGE.html` wrote, as a picture for the README."""
import html
import re
import sys

MOST, ACROSS, CELL, SIDE, TEXT = 10, 5, 172, 84, 46

page = open(sys.argv[1], encoding="utf-8").read()
part = page[page.index('<section id="suspects"'):]
tiles = re.findall(r'<li><img[^>]*src="([^"]+)"[^>]*><strong>(\d+): looks like (\d+)</strong>'
                   r"<br />(item \d+)", part[:part.index("</section>")])[:MOST]
rows = -(-len(tiles) // ACROSS)
width, height = ACROSS * CELL, rows * (SIDE + TEXT + 14)
out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
       f'height="{height}" font-family="sans-serif" text-anchor="middle">',
       '<title>' + html.escape("; ".join(f"{i}: labelled {a}, looks like {b}"
                                         for _, a, b, i in tiles)) + "</title>",
       f'<rect width="{width}" height="{height}" fill="#fff"/>']
for k, (image, label, like, item) in enumerate(tiles):
    x, y = k % ACROSS * CELL + CELL / 2, k // ACROSS * (SIDE + TEXT + 14) + 8
    out.append(f'<image x="{x - SIDE / 2}" y="{y}" width="{SIDE}" height="{SIDE}" '
               f'style="image-rendering:pixelated" href="{image}"/>'
               f'<text x="{x}" y="{y + SIDE + 18}" font-size="14" font-weight="bold" '
               f'fill="#1c1c1e">labelled {label}, looks like {like}</text>'
               f'<text x="{x}" y="{y + SIDE + 35}" font-size="12" fill="#5a5a60">{item}</text>')
open(sys.argv[2], "w", encoding="utf-8").write("\n".join(out + ["</svg>", ""]))
