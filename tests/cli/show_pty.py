# SPDX-License-Identifier: GPL-3.0-or-later
"""show_pty.py ANSWER COLUMNS COMMAND ... - runs COMMAND on a terminal of its own that answers
the question for its attributes with ANSWER ("" is none), prints what COMMAND wrote, and fails
if the terminal is not left as it was.  Standard library only."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios

answer, columns, command = sys.argv[1].encode(), int(sys.argv[2]), sys.argv[3:]
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, columns * 8, 24 * 16))
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in 0, 1:
        os.dup2(slave, fd)
    os.execvp(command[0], command)
text, asked = b"", False
while True:
    ready = select.select([master], [], [], 0.2)[0]
    if ready:
        text += os.read(master, 65536)
        if b"\033[c" in text and not asked:
            asked = True
            os.write(master, answer)
        continue
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        break
sys.stdout.buffer.write(text.replace(b"\r\n", b"\n"))
if termios.tcgetattr(slave) != before:
    sys.exit("the terminal was left with other settings")
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 3)
