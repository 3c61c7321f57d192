/* SPDX-License-Identifier: GPL-3.0-or-later */
/* terminal.c - grey pictures in a terminal.
 *
 * References: ECMA-48 (escape sequences); DEC STD 070 and the VT330/VT340 manual
 * (sixels; DA1, whose answer has 4 where there are sixels); the documentation of kitty's
 * graphics protocol; no-color.org. */
#include "pages/terminal.h"
#include "core/clock.h"
#include "text/layout.h"
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* ------------------------------------------------------ what it can show */

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The first of the locale's variables that is set says what characters there are. */
static bool is_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    const char *value = "";
    for (size_t i = 0; i < sizeof names / sizeof *names && *value == '\0'; i++)
        value = variable(names[i]);
    return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
           strstr(value, "utf-8") != NULL || strstr(value, "UTF8") != NULL;
}

/* Multiplexers hand on the variables of the terminal outside, but not its graphics. */
static bool is_multiplexed(const char *term)
{
    return begins(term, "tmux") || begins(term, "screen") || *variable("TMUX") != '\0' ||
           *variable("STY") != '\0';
}

static bool shows_kitty(const char *term)
{
    const char *program = variable("TERM_PROGRAM");
    return !is_multiplexed(term) &&
           (*variable("KITTY_WINDOW_ID") != '\0' || strcmp(term, "xterm-kitty") == 0 ||
            strcmp(term, "xterm-ghostty") == 0 || strcmp(program, "ghostty") == 0);
}

/* Whether a number stands in the answer to DA1: "\033[?62;4;22c". */
static bool has_attribute(const char *answer, int attribute)
{
    const char *at = strstr(answer, "\033[?");
    for (at = at != NULL ? at + 3 : ""; *at >= '0' && *at <= '9';) {
        char *end;
        if (strtol(at, &end, 10) == attribute)
            return true;
        at = *end == ';' ? end + 1 : "";
    }
    return false;
}

/* Asks for the primary device attributes and reads until the answer's end, half a second
 * at most.  Keys that the user pressed before are left alone: then nothing is asked. */
static void ask(char *answer, size_t size)
{
    const double end = mp_seconds() + 0.5;
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
    size_t n = 0;
    answer[0] = '\0';
    if (poll(&in, 1, 0) != 0 || write(STDOUT_FILENO, "\033[c", 3) != 3)
        return;
    while (n + 1 < size && strchr(answer, 'c') == NULL) {
        const double left = end - mp_seconds();
        if (left <= 0 || poll(&in, 1, (int)(1000 * left) + 1) <= 0)
            return;
        const ssize_t got = read(STDIN_FILENO, answer + n, size - 1 - n);
        if (got <= 0)
            return;
        n += (size_t)got;
        answer[n] = '\0';
    }
}

/* Signals wait until the terminal is as it was; a program in the background asks
 * nothing, since it would be stopped. */
static bool shows_sixel(void)
{
    struct termios was, raw;
    sigset_t all, before;
    char answer[64] = "";
    if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
        tcgetattr(STDIN_FILENO, &was) != 0)
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    raw = was;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0)
        ask(answer, sizeof answer);
    tcsetattr(STDIN_FILENO, TCSANOW, &was);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return has_attribute(answer, 4);
}

static void measure(struct mp_terminal *t)
{
    struct winsize w = { 0 };
    t->columns = mp_columns(stdout);
    t->cell_h = 16;
    t->cell_w = 8;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col < 20)
        return;
    if (w.ws_row > 0 && w.ws_xpixel / w.ws_col >= 4 && w.ws_ypixel / w.ws_row >= 8) {
        t->cell_w = w.ws_xpixel / w.ws_col;
        t->cell_h = w.ws_ypixel / w.ws_row;
    }
}

void mp_terminal_look(struct mp_terminal *t, int wanted)
{
    const char *term = variable("TERM"), *colour = variable("COLORTERM");
    memset(t, 0, sizeof *t);
    measure(t);
    t->true_colour = strcmp(colour, "truecolor") == 0 || strcmp(colour, "24bit") == 0 ||
                   strstr(term, "-direct") != NULL;
    const bool plain = *term == '\0' || strcmp(term, "dumb") == 0 || begins(term, "vt1") ||
                       begins(term, "vt2") || strcmp(term, "linux") == 0;
    t->styled = isatty(STDOUT_FILENO) && !plain && *variable("NO_COLOR") == '\0';
    if (wanted >= 0)
        t->art = (enum mp_art)wanted;
    else if (!t->styled)
        t->art = MP_ART_TEXT;
    else if (shows_kitty(term))
        t->art = MP_ART_KITTY;
    else if (shows_sixel())
        t->art = MP_ART_SIXEL;
    else if (is_utf8())
        t->art = MP_ART_BLOCKS;
}

/* -------------------------------------------------------- text and blocks */

struct colour {
    int r, g, b; /* r: -1: none */
};

static struct colour pixel(const struct mp_picture *p, int y, int x)
{
    const uint8_t *px = p->px + ((size_t)y * (size_t)p->w + (size_t)x) * (size_t)p->bands;
    return p->bands == 3 ? (struct colour){ px[0], px[1], px[2] }
                         : (struct colour){ px[0], px[0], px[0] };
}

static bool same(struct colour a, struct colour b)
{
    return a.r == b.r && a.g == b.g && a.b == b.b;
}

static bool is_grey(struct colour v)
{
    return v.r == v.g && v.g == v.b;
}

/* Its luma (Rec. 601). */
static int grey(struct colour v)
{
    return (299 * v.r + 587 * v.g + 114 * v.b + 500) / 1000;
}

/* Each primary in one of 6 steps, as one number: the cube of the palette. */
static int in_cube(struct colour v)
{
    return 36 * ((5 * v.r + 127) / 255) + 6 * ((5 * v.g + 127) / 255) + (5 * v.b + 127) / 255;
}

/* The grey as the palette has it: 232 .. 255 are 8, 18 ... 238; 16 is black, 231 white. */
static int palette(int grey)
{
    if (grey < 4)
        return 16;
    if (grey > 246)
        return 231;
    return grey < 243 ? 232 + (grey - 3) / 10 : 255;
}

/* 38: foreground, 48: background; no colour: the terminal's own. */
static void set_colour(FILE *f, const struct mp_terminal *t, int ground, struct colour v)
{
    if (v.r < 0)
        fprintf(f, "\033[%dm", ground + 1);
    else if (t->true_colour)
        fprintf(f, "\033[%d;2;%d;%d;%dm", ground, v.r, v.g, v.b);
    else
        fprintf(f, "\033[%d;5;%dm", ground, is_grey(v) ? palette(v.r) : 16 + in_cube(v));
}

static void blocks_line(FILE *f, const struct mp_terminal *t, const struct mp_picture *p, int line)
{
    const struct colour none = { -1, -1, -1 };
    struct colour fore = none, back = none;
    for (int x = 0; x < p->w; x++) {
        const struct colour upper = pixel(p, 2 * line, x);
        const struct colour lower = 2 * line + 1 < p->h ? pixel(p, 2 * line + 1, x) : none;
        const bool one = same(upper, lower);
        if (!same(lower, back))
            set_colour(f, t, 48, lower);
        back = lower;
        if (!one && !same(upper, fore))
            set_colour(f, t, 38, upper);
        fore = one ? fore : upper;
        fputs(one ? " " : "\u2580", f);
    }
    fputs("\033[0m", f);
}

static void text_line(FILE *f, const struct mp_picture *p, int line)
{
    static const char shades[] = " .:-=+*#%@";
    for (int x = 0; x < p->w; x++) {
        const int upper = grey(pixel(p, 2 * line, x));
        const int lower = 2 * line + 1 < p->h ? grey(pixel(p, 2 * line + 1, x)) : 255;
        const int ink = 2 * 255 - upper - lower;
        putc(shades[(ink * 9 + 255) / (2 * 255)], f);
    }
}

void mp_terminal_line(FILE *f, const struct mp_terminal *t, const struct mp_picture *p, int line)
{
    if (t->art == MP_ART_TEXT)
        text_line(f, p, line);
    else
        blocks_line(f, t, p, line);
}

/* ---------------------------------------------------------------- graphics */

/* Sixels know colours in percent; half of those are enough for greys, and keep pictures small.
 * The cube of other colours comes behind them. */
enum { GREYS = 51, CUBE = 216, SIX = 6 };

static int register_of(const struct mp_picture *p, int y, int x)
{
    const struct colour v = pixel(p, y, x);
    return is_grey(v) ? (v.r * (GREYS - 1) + 127) / 255 : GREYS + in_cube(v);
}

/* A character n times: "!12~", or itself where that is as short. */
static void repeat(FILE *f, int character, int n)
{
    if (n > 3)
        fprintf(f, "!%d%c", n, character);
    for (int i = 0; i < n && n <= 3; i++)
        putc(character, f);
}

/* The pixels of one colour in the six lines from `top` on. */
static void sixel_colour(FILE *f, const struct mp_picture *p, int top, int i)
{
    int run = 0, last = 0;
    fprintf(f, "#%d", i);
    for (int x = 0; x < p->w; x++) {
        int bits = 0;
        for (int y = top; y < top + SIX && y < p->h; y++)
            bits |= (register_of(p, y, x) == i) << (y - top);
        if (bits != last) {
            repeat(f, '?' + last, run);
            run = 0;
        }
        last = bits;
        run++;
    }
    if (last != 0)
        repeat(f, '?' + last, run);
}

void mp_terminal_sixel(FILE *f, const struct mp_picture *p)
{
    fprintf(f, "\033P0;1;0q\"1;1;%d;%d", p->w, p->h);
    for (int i = 0; i < GREYS; i++)
        fprintf(f, "#%d;2;%d;%d;%d", i, 2 * i, 2 * i, 2 * i);
    for (int i = 0; i < CUBE && p->bands == 3; i++)
        fprintf(f, "#%d;2;%d;%d;%d", GREYS + i, i / 36 * 20, i / 6 % 6 * 20, i % 6 * 20);
    for (int top = 0; top < p->h; top += SIX) {
        bool used[GREYS + CUBE] = { false }, first = true;
        fputs(top > 0 ? "-" : "", f);
        for (int y = top; y < top + SIX && y < p->h; y++)
            for (int x = 0; x < p->w; x++)
                used[register_of(p, y, x)] = true;
        for (int i = 0; i < GREYS + CUBE; i++) {
            if (!used[i])
                continue;
            fputs(first ? "" : "$", f);
            first = false;
            sixel_colour(f, p, top, i);
        }
    }
    fputs("\033\\\n", f);
}

/* The PNG in pieces of at most 4096 letters, each in a sequence of its own; q=2: the
 * terminal is not to answer. */
int mp_terminal_kitty(struct mp_ctx *c, FILE *f, const struct mp_picture *p)
{
    enum { PIECE = 4096 / 4 * 3 };
    uint8_t *png;
    size_t size;
    if (mp_picture_png(c, p, &png, &size) < 0)
        return -1;
    for (size_t at = 0; at < size; at += PIECE) {
        const size_t n = size - at < PIECE ? size - at : PIECE;
        fprintf(f, "\033_G%sm=%d;", at == 0 ? "a=T,f=100,q=2," : "", at + n < size);
        mp_base64(f, png + at, n);
        fputs("\033\\", f);
    }
    putc('\n', f);
    free(png);
    return MP_OK;
}
