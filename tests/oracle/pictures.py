#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""pictures.py - small pictures of every kind, and what Pillow and OpenCV read in them.

Writes tests/pictures/: files by Pillow, OpenCV, ImageMagick and by hand, and expected.txt, a line
for each file: name, height, width, channels, tolerance, whose values they are, the values in hex.
tests/unit/decoders.c reads them. Debian's python3-pil, python3-opencv, imagemagick.
"""
import os
import struct
import subprocess
import zlib

import cv2
import numpy as np
from PIL import Image, ImageOps

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pictures")
H, W = 5, 7
lines = []


def scene(channels, top=255):
    """Corners that differ, so that no turn looks like another; colours that are none of grey."""
    rng = np.random.default_rng(channels)
    x = rng.integers(0, top + 1, (H, W, channels))
    x[0, 0], x[0, -1], x[-1, 0], x[-1, -1] = top, 0, top // 3, top // 2
    return x.astype(np.uint16 if top > 255 else np.uint8)


def rounded(x):
    """16 bits as 8."""
    return ((x.astype(np.uint32) + 128) // 257).astype(np.uint8)


def over(x, paper=255):
    """Colours and alpha, 8 bits, as Pillow puts them over paper."""
    mode = {2: "LA", 4: "RGBA"}[x.shape[2]]
    front = Image.fromarray(x, mode).convert("RGBA")
    back = Image.new("RGBA", front.size, (paper, paper, paper, 255))
    back.paste(front, (0, 0), front)
    return np.asarray(back.convert("RGB"))


def expect(name, x, whose, tolerance=0):
    x = np.asarray(x)
    if x.ndim == 2:
        x = x[:, :, None]
    if x.shape[2] == 3 and (x == x[:, :, :1]).all():
        x = x[:, :, :1]
    h, w, c = x.shape
    lines.append(f"{name} {h} {w} {c} {tolerance} {whose} {x.astype(np.uint8).tobytes().hex()}")


def by_pillow(name, tolerance=0):
    """What Pillow reads, upright, over white."""
    image = ImageOps.exif_transpose(Image.open(path(name)))
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        expect(name, over(np.asarray(image.convert("RGBA"))), "Pillow", tolerance)
    else:
        expect(name, image.convert("RGB"), "Pillow", tolerance)


def path(name):
    return os.path.join(FOLDER, name)


def magick(name, source, *options):
    subprocess.run(["convert", path(source), *options, path(name)], check=True)


def exif(turn):
    e = Image.Exif()
    e[0x112] = turn
    return e


def few_bits(name, x, bits):
    """A grey PNG of 2 or 4 bits, which nobody writes on request."""
    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    rows = b""
    for row in x >> (8 - bits):
        text = "".join(format(v, f"0{bits}b") for v in row)
        text += "0" * (-len(text) % 8)
        rows += b"\0" + int(text, 2).to_bytes(len(text) // 8, "big")
    with open(path(name), "wb") as f:
        head = struct.pack(">IIBBBBB", W, H, bits, 0, 0, 0, 0)
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
                chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def png():
    grey, rgb, rgba = scene(1)[:, :, 0], scene(3), scene(4)
    Image.fromarray(grey).save(path("grey.png"))
    Image.fromarray(rgb).save(path("rgb.png"))
    Image.fromarray(rgba).save(path("rgba.png"))
    Image.fromarray(scene(2), "LA").save(path("grey_alpha.png"))
    Image.fromarray(grey).convert("1").save(path("bits1.png"))
    for bits, colours in (2, 4), (4, 16):
        palette = Image.fromarray(rgb).quantize(colours)
        palette.save(path(f"palette{bits}.png"), bits=bits)
    palette = Image.fromarray(rgb).quantize(30)
    palette.save(path("palette8.png"))
    palette.save(path("palette_clear.png"), transparency=bytes([0, 128, 255]))
    Image.fromarray(grey).save(path("grey_key.png"), transparency=int(grey[2, 2]))
    Image.fromarray(rgb).save(path("rgb_key.png"), transparency=tuple(int(v) for v in rgb[2, 2]))
    magick("interlaced.png", "rgb.png", "-interlace", "PNG")
    few_bits("bits2.png", grey, 2)
    few_bits("bits4.png", grey, 4)
    for name in ("grey rgb rgba grey_alpha bits1 palette2 palette4 palette8 palette_clear grey_key "
                 "rgb_key interlaced bits2 bits4").split():
        by_pillow(name + ".png")
    for turn in range(1, 9):
        Image.fromarray(grey).save(path(f"turn{turn}.png"), exif=exif(turn))
        by_pillow(f"turn{turn}.png")
    # 16 bits: values as OpenCV gives them, rounded here.
    for name, c in ("grey16.png", 1), ("rgb16.png", 3), ("rgba16.png", 4):
        cv2.imwrite(path(name), scene(c, 65535))
        x = cv2.imread(path(name), cv2.IMREAD_UNCHANGED).reshape(H, W, c)
        x = rounded(x if c == 1 else x[:, :, [2, 1, 0, 3][:c]])
        expect(name, over(x) if c == 4 else x, "OpenCV")


def jpeg():
    grey = Image.fromarray(scene(1)[:, :, 0]).resize((16, 12))
    rgb = Image.fromarray(scene(3)).resize((16, 12))
    grey.save(path("grey.jpg"))
    rgb.save(path("colour420.jpg"), subsampling=2)
    rgb.save(path("colour444.jpg"), subsampling=0, quality=95)
    rgb.save(path("progressive.jpg"), progressive=True)
    rgb.convert("CMYK").save(path("cmyk.jpg"))
    magick("cmyk_magick.jpg", "rgb.png", "-resize", "16x12!", "-colorspace", "CMYK")
    for name in "grey colour420 colour444 progressive cmyk cmyk_magick".split():
        by_pillow(name + ".jpg", 1)
    for turn in range(1, 9):
        rgb.save(path(f"turn{turn}.jpg"), exif=exif(turn), quality=90)
        by_pillow(f"turn{turn}.jpg", 1)


def tiff():
    grey, rgb = Image.fromarray(scene(1)[:, :, 0]), Image.fromarray(scene(3))
    grey.save(path("grey.tif"))
    grey.convert("1").save(path("bits1.tif"))
    rgb.save(path("rgb.tif"))
    rgb.save(path("lzw.tif"), compression="tiff_lzw")
    rgb.quantize(30).save(path("palette.tif"))
    rgb.convert("CMYK").save(path("cmyk.tif"))
    Image.fromarray(scene(4)).save(path("rgba.tif"))
    rgb.save(path("pages.tif"), save_all=True, append_images=[rgb.rotate(180)])
    grey.save(path("turn6.tif"), exif=exif(6))
    magick("white_is_zero.tif", "grey.png", "-define", "quantum:polarity=min-is-white")
    for name in ("grey.tif bits1.tif rgb.tif lzw.tif palette.tif cmyk.tif rgba.tif pages.tif "
                 "white_is_zero.tif").split():
        by_pillow(name)
    image = Image.open(path("turn6.tif"))
    image.load()  # turns a TIFF, and says afterwards how it would be turned
    expect("turn6.tif", image, "Pillow")
    cv2.imwrite(path("grey16.tif"), scene(1, 65535))
    expect("grey16.tif", rounded(cv2.imread(path("grey16.tif"), cv2.IMREAD_UNCHANGED)), "OpenCV")


def bmp():
    grey, rgb = Image.fromarray(scene(1)[:, :, 0]), Image.fromarray(scene(3))
    grey.save(path("grey.bmp"))
    grey.convert("1").save(path("bits1.bmp"))
    rgb.save(path("rgb.bmp"))
    rgb.quantize(30).save(path("palette.bmp"))
    Image.fromarray(scene(4)).save(path("alpha.bmp"))
    magick("bits4.bmp", "palette4.png", "-type", "Palette", "-colors", "16", "-define",
           "bmp:format=bmp3")
    magick("rle.bmp", "grey.png", "-compress", "RLE", "-type", "Palette")
    for kind in "RGB565", "RGB555", "ARGB4444":
        magick(f"{kind.lower()}.bmp", "rgb.png", "-define", f"bmp:subtype={kind}")
    for name in "grey.bmp bits1.bmp rgb.bmp palette.bmp bits4.bmp rle.bmp".split():
        by_pillow(name)
    by_pillow("alpha.bmp")
    expect("argb4444.bmp", scene(3), "nobody", 9)  # opaque; four bits of each
    by_pillow("rgb565.bmp", 4)  # fewer bits: some multiply, others repeat them
    by_pillow("rgb555.bmp", 4)
    down = bytearray(open(path("rgb.bmp"), "rb").read())
    struct.pack_into("<i", down, 22, -H)
    open(path("down.bmp"), "wb").write(down)
    by_pillow("down.bmp")


def gif():
    rgb = Image.fromarray(scene(3))
    Image.fromarray(scene(1)[:, :, 0]).save(path("grey.gif"))
    rgb.quantize(30).save(path("palette.gif"))
    rgb.quantize(30).save(path("clear.gif"), transparency=3)
    rgb.quantize(30).save(path("frames.gif"), save_all=True,
                          append_images=[rgb.rotate(180).quantize(30)])
    for name in "grey.gif palette.gif clear.gif frames.gif".split():
        by_pillow(name)


def webp():
    Image.fromarray(scene(3)).save(path("lossless.webp"), lossless=True)
    Image.fromarray(scene(4)).save(path("alpha.webp"), lossless=True, exact=True)
    Image.fromarray(scene(3)).resize((16, 12)).save(path("lossy.webp"))
    by_pillow("lossless.webp")
    by_pillow("alpha.webp")
    by_pillow("lossy.webp", 2)


def pnm():
    grey, rgb = scene(1)[:, :, 0], scene(3)
    Image.fromarray(grey).save(path("grey.pgm"))
    Image.fromarray(rgb).save(path("rgb.ppm"))
    Image.fromarray(grey).convert("1").save(path("bits.pbm"))
    for name in "grey.pgm", "rgb.ppm", "bits.pbm":
        by_pillow(name)
    magick("text.pgm", "grey.pgm", "-compress", "none")
    magick("text.ppm", "rgb.ppm", "-compress", "none")
    magick("text.pbm", "bits.pbm", "-compress", "none")
    for name in "text.pgm", "text.ppm", "text.pbm":
        expect(name, cv2.imread(path(name))[:, :, ::-1], "OpenCV")
    cv2.imwrite(path("grey16.pgm"), scene(1, 65535))
    expect("grey16.pgm", rounded(cv2.imread(path("grey16.pgm"), cv2.IMREAD_UNCHANGED)), "OpenCV")
    x = grey % 101
    with open(path("hundred.pgm"), "wb") as f:
        f.write(b"P5\n# of a hundred\n%d %d\n100\n" % (W, H) + x.tobytes())
    by_pillow("hundred.pgm", 1)  # Pillow rounds otherwise


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for kind in png, jpeg, tiff, bmp, gif, webp, pnm:
        kind()
    with open(path("expected.txt"), "w", encoding="ascii") as f:
        f.write("\n".join(lines) + "\n")


main()
