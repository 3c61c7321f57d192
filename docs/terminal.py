#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""terminal.py OUT.svg COMMAND ... - runs COMMAND on a terminal of its own and draws
what it showed at the end as an SVG: the pictures in the README are made so.

Understands what the program prints: bold, dim, colours, carriage return and
erase-to-end-of-line.  Python's standard library is all it needs."""
import fcntl
import html
import os
import pty
import re
import struct
import sys
import termios

COLUMNS, ROWS = 80, 60
COLOURS = {31: "#f47067", 32: "#57ab5a", 33: "#c69026", 36: "#39c5cf"}
NBSP = "\u00a0"  # an SVG viewer may draw several blanks as one
CELL_W, CELL_H, MARGIN = 8.43, 19, 16


def capture(command):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS))
        os.execvp(command[0], command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    text = b""
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.waitpid(pid, 0)
    return text.decode()


def screen(text):
    """Lines of (character, style) as they stand at the end."""
    lines, column, style = [[]], 0, ()
    for token in re.findall(r"\033\[[0-9;]*[A-Za-z]|[^\033]", text):
        line = lines[-1]
        if token == "\033[K":
            del line[column:]
        elif token.startswith("\033"):
            codes = [int(c or 0) for c in token[2:-1].split(";")]
            style = () if 0 in codes else style
            style += tuple(c for c in codes if c)
        elif token == "\n":
            lines.append([])
            column = 0
        elif token == "\r":
            column = 0
        else:
            line[len(line):] = [(" ", ())] * (column - len(line))
            line[column:column + 1] = [(token, style)]
            column += 1
    while lines and not lines[-1]:
        lines.pop()
    return lines


def css(style):
    colour = next((COLOURS[c] for c in style if c in COLOURS), None)
    return ((f' fill="{colour}"' if colour else ' fill="#768390"' if 2 in style else "")
            + (' font-weight="bold"' if 1 in style else ""))


def draw(lines):
    width = 2 * MARGIN + CELL_W * max(len(line) for line in lines)
    height = 2 * MARGIN + CELL_H * len(lines)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
           f'width="{width:.0f}" height="{height:.0f}" role="img">',
           f'<rect width="100%" height="100%" rx="8" fill="#22272e"/>',
           '<g font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" '
           'fill="#d6dde4">']
    for row, line in enumerate(lines):
        y = MARGIN + CELL_H * (row + 0.75)
        at = 0
        while at < len(line):
            end = at
            while end < len(line) and line[end][1] == line[at][1]:
                end += 1
            run = "".join(c for c, _ in line[at:end])
            if run.strip():
                out.append(f'<text x="{MARGIN + CELL_W * at:.1f}" y="{y:.1f}" '
                           f'textLength="{CELL_W * len(run):.1f}"{css(line[at][1])}>'
                           f'{html.escape(run).replace(" ", NBSP)}</text>')
            at = end
    return "\n".join(out + ["</g>", "</svg>", ""])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    prompt = "\033[36m$ \033[0m" + " ".join(sys.argv[2:]).removeprefix("./") + "\n"
    with open(sys.argv[1], "w") as f:
        f.write(draw(screen(prompt + capture(sys.argv[2:]))))
