# SPDX-License-Identifier: GPL-3.0-or-later
"""show_tiles.py PNG H W C < VALUES - whether the PNG of a single row has its H x W x C values
(the first line below the header of a CSV; channels last) somewhere as C tiles of H x W squares
with a square of paper between them: the larger a value, the darker its square, in all tiles."""
import struct
import sys
import zlib


def pixels(path):
    """The lines of a grey PNG of 8 bits."""
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            w, h, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
            assert (depth, colour) == (8, 0)
        body += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    raw, lines, above = zlib.decompress(body), [], [0] * w
    for y in range(h):
        how, line = raw[y * (w + 1)], []
        for x, v in enumerate(raw[y * (w + 1) + 1:(y + 1) * (w + 1)]):
            a, b, c = line[x - 1] if x else 0, above[x], above[x - 1] if x else 0
            near = min((a, b, c), key=lambda q: abs(a + b - c - q))
            line.append((v + (0, a, b, (a + b) // 2, near)[how]) % 256)
        lines.append(line)
        above = line
    return lines


def main():
    h, w, c = map(int, sys.argv[2:])
    values = [float(v) for v in sys.stdin.read().split("\n")[1].split(",")[-h * w * c:]]
    picture = pixels(sys.argv[1])
    # What rectangle the tiles stand in: nearest to a square, at most twice as wide as high.
    down = max(d for d in range(1, c + 1) if c % d == 0 and d * d <= c)
    across = c // down
    darkest = sorted(range(len(values)), key=lambda i: -values[i])
    for zoom in range(1, 60):
        place = [((i // c // w + i % c // across * (h + 1)) * zoom,
                  (i // c % w + i % c % across * (w + 1)) * zoom) for i in darkest]
        for top in range(len(picture) - max(p[0] for p in place)):
            for left in range(len(picture[0]) - max(p[1] for p in place)):
                last = -1
                for y, x in place:
                    grey = picture[top + y][left + x]
                    if grey < last:
                        break
                    last = grey
                else:
                    if last > picture[top + place[0][0]][left + place[0][1]]:
                        return
    sys.exit("these values are not in the picture: %s" % values[:8])


main()
